package import GateCore

/// Hears what happens to backends. Called on any thread; must return quickly.
package protocol BackendObserver: Sendable {
    /// The backend has listed what it offers, or some of it.
    func backend(_ name: String, listed: BackendListing)
    /// It went from one state to another.
    func backend(_ name: String, changed: Supervisor.Change)
    /// Its circuit went from one state to another.
    func backend(_ name: String, circuit: CircuitBreaker.Transition)
}
