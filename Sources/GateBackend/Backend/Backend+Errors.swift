import GateCore
import GateProtocol

/// The words for calls that were refused before anything was sent.
extension Backend {
    func circuitOpen(_ wait: Duration) -> GateError {
        GateError(
            .circuitOpen, "Circuit open for server '\(name)' — backend is failing", source: .backend, server: name,
            retryAfter: Int(wait.wholeSecondsUp))
    }

    func overloaded(_ wait: Duration) -> GateError {
        GateError(
            .overloaded, "Server '\(name)' is busy and its queue is full. The call was not sent.", source: .backend,
            server: name, retryAfter: Int(wait.wholeSecondsUp))
    }

    func stillStarting() -> GateError {
        GateError(
            .starting, "Server '\(name)' is still starting. The call was not sent; try again shortly.",
            source: .backend, server: name, retryAfter: 2)
    }

    func cancelledInLine() -> GateError {
        GateError(
            .cancelled, "The caller cancelled the call while it waited for server '\(name)'. It was not sent.",
            source: .caller, server: name)
    }

    /// Why is the operator's: the words have paths of this machine in them.
    func blocked() -> GateError {
        GateError(
            .backendDown,
            "Server '\(name)' is not started: it is not allowed to run as it is configured. The call was not sent; its operator "
                + "sees the reason at GET /server/list.", source: .backend, server: name)
    }

    /// The words of a failed start are the operator's, who finds them in the status: they name paths of this machine.
    func notRunning(_ supervisor: Supervisor) -> GateError {
        switch supervisor.state {
        case .disabled:
            GateError(
                .backendDisabled, "Server '\(name)' is disabled in the configuration. The call was not sent.",
                source: .backend, server: name)
        case .crashLooping:
            notRunning("it keeps ending right after its start, and its operator sees why with: gatecall servers")
        default: notRunning("it was stopped; start it with: gatecall server start \(name)")
        }
    }

    func notRunning(_ why: String) -> GateError {
        GateError(
            .backendDown, "Server '\(name)' is not running: \(why). The call was not sent.", source: .backend,
            server: name,
            retryAfter: 5)
    }
}
