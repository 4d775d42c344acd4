import GateBackend
import GateCore
import GateProtocol
import Synchronization

/// Who follows which resource. What is followed of a backend that is replaced by a reload is followed of the new one.
final class ResourceWatchers: Sendable {
    struct Wish: Sendable {
        let server: String
        let uri: String
        let principal: ExactText
        let session: InstanceOwner?
        let tenant: ExactText?
        /// Gets the backend's own URI of what has been updated.
        let body: @Sendable (String) -> Void
    }

    private struct Entry: Sendable {
        let wish: Wish
        let pool: ObjectIdentifier
        let watch: ResourceWatch
    }

    private struct State {
        var entries: [UInt64: Entry] = [:]
        var lastID: UInt64 = 0
    }

    private let state = Mutex(State())

    /// - Throws: see ``Backend/watch(_:_:)``.
    func watch(_ wish: Wish, of pool: BackendPool) async throws(GateError) -> EventSubscription {
        let watch = try await ResourceWatchers.begin(wish, pool)
        let id = state.withLock { state in
            state.lastID &+= 1
            state.entries[state.lastID] = Entry(wish: wish, pool: ObjectIdentifier(pool), watch: watch)
            return state.lastID
        }
        return EventSubscription { [self] in
            let gone = state.withLock { $0.entries.removeValue(forKey: id) }
            _ = gone
        }
    }

    /// A backend has come into use: it is asked for what was followed of another of its name.
    func adopt(_ pool: BackendPool) async {
        let old = state.withLock { state in
            state.entries.filter {
                $0.value.wish.server.sameBytes(as: pool.name) && $0.value.pool != ObjectIdentifier(pool)
            }
        }
        for (id, entry) in old {
            guard let watch = try? await ResourceWatchers.begin(entry.wish, pool) else { continue }
            let replaced = state.withLock { state -> ResourceWatch? in
                // Given up meanwhile.
                guard let current = state.entries[id] else { return watch }
                state.entries[id] = Entry(wish: entry.wish, pool: ObjectIdentifier(pool), watch: watch)
                return current.watch
            }
            _ = replaced
            // What changed in between was announced by nobody.
            entry.wish.body(entry.wish.uri)
        }
    }

    private static func begin(_ wish: Wish, _ pool: BackendPool) async throws(GateError) -> ResourceWatch {
        try await pool.watch(
            wish.uri, principal: wish.principal, session: wish.session, tenant: wish.tenant, wish.body)
    }
}
