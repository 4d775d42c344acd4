import GateBackend
import GateCore

/// Passes on what a backend reports for as long as it is the one of its name: one that was replaced and still finishes its calls
/// has nothing to say about the catalog any more.
struct CurrentBackendObserver: BackendObserver {
    let registry: BackendRegistry
    let generation: UInt64

    func backend(_ name: String, listed: BackendListing) -> ToolStandings? {
        registry.isCurrent(name, generation) ? registry.backend(name, listed: listed) : nil
    }

    func backend(_ name: String, listedAside listing: BackendListing) -> ToolStandings? {
        registry.isCurrent(name, generation) ? registry.backend(name, listedAside: listing) : nil
    }

    func backend(_ name: String, holds tool: String, as digest: DefinitionDigest) -> ToolHold? {
        registry.backend(name, holds: tool, as: digest)
    }

    func backend(_ name: String, changed: Supervisor.Change) {
        if registry.isCurrent(name, generation) { registry.backend(name, changed: changed) }
    }

    func backend(_ name: String, circuit: CircuitBreaker.Transition) {
        if registry.isCurrent(name, generation) { registry.backend(name, circuit: circuit) }
    }
}
