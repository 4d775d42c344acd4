package import GateCore

/// One definition of a tool as it is kept.
package struct StoredPin: Sendable, Equatable {
    package let server: String
    package let tool: String
    package let version: PinBook.Version
    /// The definition in its canonical form; nil when it was too large to be kept.
    package let definition: [UInt8]?

    /// Longer definitions are known by their digest alone.
    package static let mostBytes = 262_144

    package init(server: String, tool: String, version: PinBook.Version, definition: [UInt8]?) {
        self.server = server
        self.tool = tool
        self.version = version
        self.definition = definition.flatMap { $0.count <= StoredPin.mostBytes ? $0 : nil }
    }
}

/// Where it is kept which definitions of tools were seen and approved. Changes are made in the order in which they are asked for.
package protocol PinStore: Sendable {
    /// All that is kept, without the definitions, oldest first.
    func load() throws(StoreFailure) -> [StoredPin]

    /// Keeps definitions soon, and forgets others.
    ///
    /// - Parameter done: told when that is on stable storage, or why it could not be done.
    func save(
        _ pins: [StoredPin], dropping dropped: [(server: String, tool: String, digest: DefinitionDigest)],
        then done: @escaping @Sendable (StoreFailure?) -> Void)

    /// Keeps decisions; returns when they are on stable storage.
    func decide(
        _ decisions: [(server: String, tool: String, version: PinBook.Version)]
    ) async throws(StoreFailure)

    /// The definition behind a digest; nil when it is not kept.
    func definition(
        server: String, tool: String, _ digest: DefinitionDigest
    ) async throws(StoreFailure) -> [UInt8]?

    /// Forgets a server, soon.
    func forget(_ server: String, then done: @escaping @Sendable (StoreFailure?) -> Void)
}
