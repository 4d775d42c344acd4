package import GateCore
import GateProtocol
import Synchronization

/// A backend as operators see it, at one moment.
package struct BackendStatus: Sendable {
    package let name: String
    package var state: Supervisor.State
    package let transport: String
    package var uptime: Duration?
    package var since: Duration
    package var reason: String
    package var advice: String
    package var circuit: CircuitBreaker.State
    package var count: CallCount
    package var inFlight: Int
    package var queued: Int
    package var restarts: Int
    package let lastExit: String?
    package let lastError: String?
    package var lastStderr: [String]
    package let nextRetry: Duration?
    package var pid: Int32?
    package let greeting: BackendGreeting?
    package var strayMessages: Int
    /// Questions that were put to no agent, and log messages that no call got, since its last start.
    package var refusedQuestions = 0
    package var droppedLogs = 0
    /// What its processes use, as of the last ``ProcessCensus``.
    package var usage: ProcessTreeUsage?
    /// What waiting in the line has cost calls so far.
    package var waits = WaitStatistics()
    /// Each instance by itself; nil where there is always just one.
    package var instances: [InstanceStatus]?
    /// Not running because nobody needs it: the next call starts it.
    package var isAsleep = false
    /// What its processes are held to, or would be if there were any; nil where no sandbox is asked for.
    package var sandbox: String?
}

extension Backend {
    package func status(now: Instant) -> BackendStatus {
        let (found, link, connection) = state.withLock { state in
            let supervisor = state.supervisor
            let status = BackendStatus(
                name: name, state: supervisor.state, transport: settings.transportName,
                uptime: state.readySince.map { $0.duration(to: now) }, since: supervisor.since.duration(to: now),
                reason: supervisor.reason, advice: Self.advice(state, name, now),
                circuit: state.breaker.state, count: state.count, inFlight: state.admission.inFlight,
                queued: state.admission.waiting + state.ready.count, restarts: supervisor.restarts,
                lastExit: supervisor.lastExit?.description, lastError: state.lastError, lastStderr: state.lastStderr,
                nextRetry: supervisor.nextRetry.map { max(.zero, now.duration(to: $0)) }, pid: nil,
                greeting: state.live?.greeting, strayMessages: 0, waits: state.admission.statistics,
                isAsleep: supervisor.state == .stopped && supervisor.startsForCalls)
            return (status, state.live?.link, state.live?.connection)
        }
        var status = found
        status.lastStderr = Self.lastWords(link, before: status.lastStderr)
        status.pid = link?.child.pid
        status.strayMessages = connection?.strayMessages ?? 0
        status.refusedQuestions = connection?.refusedQuestions ?? 0
        status.droppedLogs = connection?.droppedLogs ?? 0
        status.sandbox = link?.child.sandbox ?? settings.sandbox.map { _ in context.sandboxSupport.description }
        status.usage = link.flatMap { ProcessCensus.shared.usage(of: $0.child) }
        return status
    }

    /// A process that runs and is not called is no reason to do nothing.
    private static func advice(_ state: State, _ name: String, _ now: Instant) -> String {
        if state.supervisor.state.acceptsCalls, let advice = state.breaker.advice(server: name, now: now) {
            return advice
        }
        return state.supervisor.advice(server: name, now: now)
    }

    /// Of a process that has said nothing yet, what the one before it said last is of more use.
    private static func lastWords(_ link: StdioLink?, before: [String]) -> [String] {
        guard let said = link?.stderrTail(20), !said.isEmpty else { return before }
        return said
    }
}
