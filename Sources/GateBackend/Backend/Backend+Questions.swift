import GateCore
import GateProtocol
import Synchronization

/// Questions of the backend, as far as they decide how it is called.
extension Backend {
    /// Where one call at a time is wanted: only for servers that send requests of their own without a word whose they are. What
    /// kind of server it is shows when it has been reached, and no call is at it then.
    func fitAdmission(to connection: BackendConnection) {
        guard settings.questions.isOneAtATime else { return }
        var limits = settings.admission
        if connection.era == .legacy, !connection.tellsExchanges { limits.inFlight = 1 }
        let waiters = state.withLock { state in
            state.admission.setLimits(limits, now: .now).compactMap { id -> CheckedContinuation<Bool, Never>? in
                if let waiter = state.queued.removeValue(forKey: id) { return waiter }
                state.letIn.insert(id)
                return nil
            }
        }
        for waiter in waiters { waiter.resume(returning: true) }
    }
}
