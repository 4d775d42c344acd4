import GateProtocol
import GateServer
import Synchronization

/// Resources of a gateway that does what the test says: those of `test://` can be followed.
final class WatchedResources: Sendable {
    private struct State {
        var bodies: [String: [Int: @Sendable (String) -> Void]] = [:]
        var last = 0
    }

    private let state = Mutex(State())

    func watch(_ uri: String, _ body: @escaping @Sendable (String) -> Void) throws(GateError) -> EventSubscription {
        guard uri.hasPrefix("test://") else {
            throw GateError(.badRequest, "'\(uri)' cannot be followed.", source: .caller)
        }
        let id = state.withLock { state in
            state.last += 1
            state.bodies[uri, default: [:]][state.last] = body
            return state.last
        }
        return EventSubscription { [self] in
            state.withLock { state in
                state.bodies[uri]?[id] = nil
                if state.bodies[uri]?.isEmpty == true { state.bodies[uri] = nil }
            }
        }
    }

    func update(_ uri: String) {
        for body in state.withLock({ Array(($0.bodies[uri] ?? [:]).values) }) { body(uri) }
    }

    /// How many follow each.
    var followers: [String: Int] { state.withLock { $0.bodies.mapValues(\.count) } }
}
