import GateCore
import NIOCore
import Synchronization

/// News of the circuit.
extension Backend {
    func tell(_ transition: CircuitBreaker.Transition) {
        context.observer.backend(name, circuit: transition)
        guard transition.to == .open, settings.instances > 1 else { return }
        // Calls go to the other instances, so that none would ever come by to try this one again.
        let wait = settings.breaker.resetTimeout.wholeNanoseconds + 1_000_000
        loop.scheduleTask(in: .nanoseconds(wait)) { [self] in notice(.tryCircuit) }
    }

    /// Tries a half-open circuit without a call: with the same harmless requests, until it is closed or open again.
    func tryCircuit() async {
        guard state.withLock({ $0.breaker.state != .closed && $0.supervisor.state.acceptsCalls }),
            let ticket = try? await passBreaker(now: .now)
        else { return }
        // There was no call.
        _ = state.withLock { $0.breaker.record(ticket, .cancelled, now: .now) }
    }
}
