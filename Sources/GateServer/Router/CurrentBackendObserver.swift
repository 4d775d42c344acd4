import GateBackend
import GateCore

/// Passes on what a backend reports for as long as it is the one of its name: one that was replaced and still finishes its calls
/// has nothing to say about the catalog any more.
struct CurrentBackendObserver: BackendObserver {
    let registry: BackendRegistry
    let generation: UInt64

    func backend(_ name: String, listed: BackendListing) {
        if registry.isCurrent(name, generation) { registry.backend(name, listed: listed) }
    }

    func backend(_ name: String, changed: Supervisor.Change) {
        if registry.isCurrent(name, generation) { registry.backend(name, changed: changed) }
    }

    func backend(_ name: String, circuit: CircuitBreaker.Transition) {
        if registry.isCurrent(name, generation) { registry.backend(name, circuit: circuit) }
    }
}
