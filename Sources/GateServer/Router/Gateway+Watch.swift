import GateBackend
import GateCore
package import GateProtocol

/// Following resources.
extension Gateway {
    package func watch(
        resource uri: String, _ caller: Caller, _ body: @escaping @Sendable (String) -> Void
    ) async throws(GateError) -> EventSubscription {
        let target = try watched(uri, caller.visibility)
        guard let entry = registry.entry(target.server) else {
            throw GateError(
                .serverNotFound, "There is no server '\(target.server)'.", source: .caller, server: target.server)
        }
        if entry.backend.settings.isolation == .perSession { await caller.keepsState?() }
        let own = target.uri
        let wish = ResourceWatchers.Wish(
            server: target.server, uri: own, principal: ExactText(caller.agent), session: caller.session
        ) { updated in
            // What the caller named it, or a part of it.
            body(updated.sameBytes(as: own) ? uri : updated)
        }
        return try await registry.watchers.watch(wish, of: entry.backend)
    }

    private func watched(_ uri: String, _ visibility: Visibility) throws(GateError) -> (server: String, uri: String) {
        let servers = serverNames(visibility)
        guard servers.count == 1, let server = servers.first else {
            throw GateError(.badRequest, "There is no resource '\(uri.prefix(256))'.", source: .caller)
        }
        return (server, uri)
    }
}
