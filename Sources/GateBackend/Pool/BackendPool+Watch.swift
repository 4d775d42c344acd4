package import GateCore
package import GateProtocol
import Synchronization

extension BackendPool {
    /// Follows a resource. See ``Backend/watch(_:_:)``.
    ///
    /// Of shared instances one is asked for all; an instance that belongs to an agent or a session is asked for its owner, and
    /// is not idle as long as it is watched.
    package func watch(
        _ uri: String, principal: ExactText, session: InstanceOwner?, tenant: ExactText? = nil,
        _ body: @escaping @Sendable (String) -> Void
    ) async throws(GateError) -> ResourceWatch {
        if let single { return try await single.watch(uri, body) }
        let (id, instance) =
            if settings.instanceRules.isShared, let first = hold() {
                first
            } else {
                try acquire(owner(principal, session, tenant), now: .now)
            }
        do throws(GateError) {
            let watch = try await instance.watch(uri, body)
            return ResourceWatch { [self] in
                _ = watch
                release(id)
            }
        } catch {
            release(id)
            throw error
        }
    }

    /// The instance that is watched of those that are shared.
    private func hold() -> (InstancePlan.ID, Backend)? {
        state.withLock { state in
            guard let id = state.plan.ids.first, let instance = state.instances[id] else { return nil }
            state.plan.hold(id)
            return (id, instance)
        }
    }
}
