import GateBackend
import GateCore
package import GateProtocol

/// Following resources.
extension Gateway {
    package func watch(
        resource uri: String, _ caller: Caller, _ body: @escaping @Sendable (String) -> Void
    ) async throws(GateError) -> EventSubscription {
        let visibility = caller.visibility
        let target = try resolve(resource: uri, visibility)
        guard let entry = registry.entry(target.server) else {
            throw GateError(
                .serverNotFound, "There is no server '\(target.server)'.", source: .caller, server: target.server)
        }
        if entry.backend.settings.isolation == .perSession { await caller.keepsState?() }
        let own = target.uri
        let wish = ResourceWatchers.Wish(
            server: target.server, uri: own, principal: ExactText(caller.agent), session: caller.session,
            tenant: caller.tenant.map { ExactText($0) }
        ) { [catalog] updated in
            // What the caller named it, or a part of it.
            let part = ResourceTarget(server: target.server, uri: updated)
            body(updated.sameBytes(as: own) ? uri : catalog.snapshot.exposedURI(part, visibility))
        }
        return try await registry.watchers.watch(wish, of: entry.backend)
    }
}
