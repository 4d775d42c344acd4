package import GateCore
package import NIOCore

/// Hears what happens to backends. Called on any thread; must return quickly.
package protocol BackendObserver: Sendable {
    /// The backend has listed its tools (definitions as JSON text).
    func backend(_ name: String, listed tools: [ByteBuffer], greeting: BackendGreeting)
    /// It went from one state to another.
    func backend(_ name: String, changed: Supervisor.Change)
    /// Its circuit went from one state to another.
    func backend(_ name: String, circuit: CircuitBreaker.Transition)
}
