package import GateCore
import GateProtocol
import Synchronization

/// A backend as operators see it, at one moment.
package struct BackendStatus: Sendable {
    package let name: String
    package let state: Supervisor.State
    package let transport: String
    package let uptime: Duration?
    package let since: Duration
    package let reason: String
    package let advice: String
    package let circuit: CircuitBreaker.State
    package let latency: LatencySummary
    package let inFlight: Int
    package let queued: Int
    package let restarts: Int
    package let lastExit: String?
    package let lastError: String?
    package let lastStderr: [String]
    package let nextRetry: Duration?
    package let pid: Int32?
    package let greeting: BackendGreeting?
    package let strayMessages: Int
}

extension Backend {
    package func status(now: Instant) -> BackendStatus {
        let (status, link, connection) = state.withLock { state in
            let supervisor = state.supervisor
            let status = BackendStatus(
                name: name, state: supervisor.state, transport: settings.transportName,
                uptime: state.readySince.map { $0.duration(to: now) }, since: supervisor.since.duration(to: now),
                reason: supervisor.reason, advice: supervisor.advice(server: name, now: now),
                circuit: state.breaker.state, latency: state.latency.total, inFlight: state.admission.inFlight,
                queued: state.admission.waiting + state.ready.count, restarts: supervisor.restarts,
                lastExit: supervisor.lastExit?.description, lastError: state.lastError, lastStderr: state.lastStderr,
                nextRetry: supervisor.nextRetry.map { max(.zero, now.duration(to: $0)) }, pid: nil,
                greeting: state.live?.greeting, strayMessages: 0)
            return (status, state.live?.link, state.live?.connection)
        }
        return BackendStatus(
            name: status.name, state: status.state, transport: status.transport, uptime: status.uptime,
            since: status.since, reason: status.reason, advice: status.advice, circuit: status.circuit,
            latency: status.latency, inFlight: status.inFlight, queued: status.queued, restarts: status.restarts,
            lastExit: status.lastExit, lastError: status.lastError,
            lastStderr: link?.stderrTail(20) ?? status.lastStderr, nextRetry: status.nextRetry, pid: link?.child.pid,
            greeting: status.greeting, strayMessages: connection?.strayMessages ?? 0)
    }

    /// The latencies of all calls.
    package var latency: LatencySummary { state.withLock { $0.latency.total } }
}
