import GateCore
import NIOCore

/// Tells what happens to one of several instances as news of their backend.
final class InstanceObserver: BackendObserver {
    private weak let pool: BackendPool?
    private let id: InstancePlan.ID
    private let behind: any BackendObserver

    init(pool: BackendPool, id: InstancePlan.ID, behind: any BackendObserver) {
        self.pool = pool
        self.id = id
        self.behind = behind
    }

    func backend(_ name: String, listed: BackendListing) {
        guard pool?.isScribe(id) == true else { return }
        behind.backend(name, listed: listed)
    }

    func backend(_ name: String, changed: Supervisor.Change) {
        behind.backend(name, changed: changed.ofInstance(id))
    }

    func backend(_ name: String, circuit: CircuitBreaker.Transition) {
        behind.backend(name, circuit: circuit)
    }
}
