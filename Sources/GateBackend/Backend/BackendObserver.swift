package import GateCore

/// Hears what happens to backends. Called on any thread; must return quickly.
package protocol BackendObserver: Sendable {
    /// The backend has listed what it offers, or some of it.
    ///
    /// - Returns: how its tools stand; nil when they were not among what was listed.
    func backend(_ name: String, listed: BackendListing) -> ToolStandings?
    /// The same of an instance whose list is not shown to agents, because another one speaks for all.
    func backend(_ name: String, listedAside: BackendListing) -> ToolStandings?
    /// Whether a tool that is not approved as it is may be called.
    func backend(_ name: String, holds tool: String, as digest: DefinitionDigest) -> ToolHold?
    /// It went from one state to another.
    func backend(_ name: String, changed: Supervisor.Change)
    /// Its circuit went from one state to another.
    func backend(_ name: String, circuit: CircuitBreaker.Transition)
}
