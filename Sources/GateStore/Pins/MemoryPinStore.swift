package import GateCore
import Synchronization

/// Pins that end with the process.
package final class MemoryPinStore: PinStore {
    private let pins = Mutex<[StoredPin]>([])

    package init() {}

    package func load() throws(StoreFailure) -> [StoredPin] {
        pins.withLock { pins in
            pins.map { StoredPin(server: $0.server, tool: $0.tool, version: $0.version, definition: nil) }
        }
    }

    package func save(
        _ new: [StoredPin], dropping dropped: [(server: String, tool: String, digest: DefinitionDigest)],
        then done: @escaping @Sendable (StoreFailure?) -> Void
    ) {
        pins.withLock { pins in
            for pin in new {
                pins.removeAll { $0.isOf(pin.server, pin.tool, pin.version.digest) }
                pins.append(pin)
            }
            for gone in dropped { pins.removeAll { $0.isOf(gone.server, gone.tool, gone.digest) } }
        }
        done(nil)
    }

    package func decide(
        _ decisions: [(server: String, tool: String, version: PinBook.Version)]
    ) async throws(StoreFailure) {
        pins.withLock { pins in
            for (server, tool, version) in decisions {
                for (index, pin) in pins.enumerated() where pin.isOf(server, tool, version.digest) {
                    pins[index] = StoredPin(server: server, tool: tool, version: version, definition: pin.definition)
                }
            }
        }
    }

    package func definition(
        server: String, tool: String, _ digest: DefinitionDigest
    ) async throws(StoreFailure) -> [UInt8]? {
        pins.withLock { pins in pins.first { $0.isOf(server, tool, digest) }?.definition }
    }

    package func forget(_ server: String, then done: @escaping @Sendable (StoreFailure?) -> Void) {
        pins.withLock { pins in pins.removeAll { $0.server.sameBytes(as: server) } }
        done(nil)
    }
}

extension StoredPin {
    fileprivate func isOf(_ server: String, _ tool: String, _ digest: DefinitionDigest) -> Bool {
        self.server.sameBytes(as: server) && self.tool.sameBytes(as: tool) && version.digest == digest
    }
}
