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

    func backend(_ name: String, listed: BackendListing) -> ToolStandings? {
        pool?.isScribe(id) == true
            ? behind.backend(name, listed: listed) : behind.backend(name, listedAside: listed)
    }

    func backend(_ name: String, listedAside listing: BackendListing) -> ToolStandings? {
        behind.backend(name, listedAside: listing)
    }

    func backend(_ name: String, holds tool: String, as digest: DefinitionDigest) -> ToolHold? {
        behind.backend(name, holds: tool, as: digest)
    }

    func backend(_ name: String, changed: Supervisor.Change) {
        behind.backend(name, changed: changed.ofInstance(id))
    }

    func backend(_ name: String, circuit: CircuitBreaker.Transition) {
        behind.backend(name, circuit: circuit)
    }
}
