package import GateCore
import Synchronization

extension BackendPool {
    /// The state of the whole, told by its best instance: calls go there. Counts are sums.
    package func status(now: Instant) -> BackendStatus {
        if let single { return single.status(now: now) }
        let (slots, instances, own, isStopped) = state.withLock { state in
            (state.plan.slots, state.instances, state.count, state.isStopped)
        }
        let parts = instances.keys.sorted().compactMap { id -> InstanceStatus? in
            guard let slot = slots[id], let instance = instances[id] else { return nil }
            return InstanceStatus(
                id: id, owner: slot.owner, idle: slot.load == 0 ? slot.idleSince.duration(to: now) : nil,
                status: instance.status(now: now))
        }
        let best = parts.map(\.status).min { Self.rank($0) < Self.rank($1) }
        var status = best ?? Backend(settings: settings, context: context).status(now: now)
        status.count = own
        status.inFlight = parts.reduce(0) { $0 + $1.status.inFlight }
        status.queued = parts.reduce(0) { $0 + $1.status.queued }
        status.restarts = parts.reduce(0) { $0 + $1.status.restarts }
        status.refusedQuestions = parts.reduce(0) { $0 + $1.status.refusedQuestions }
        status.droppedLogs = parts.reduce(0) { $0 + $1.status.droppedLogs }
        status.waits = parts.reduce(into: WaitStatistics()) { $0.add($1.status.waits) }
        status.instances = parts
        status.usage = parts.compactMap(\.status.usage).reduce(nil) { sum, part in sum.map { $0 + part } ?? part }
        guard parts.isEmpty, settings.enabled else { return status }
        status.isAsleep = !isStopped
        status.reason = isStopped ? "stopped by the operator" : "nobody uses it"
        status.advice =
            isStopped
            ? "Run `gatecall server start \(name)`. It is not running: stopped by the operator."
            : "Nothing to do: the next call starts it."
        return status
    }

    private static func rank(_ status: BackendStatus) -> Int {
        switch status.state {
        case .running: status.circuit == .closed ? 0 : 2
        case .degraded: 1
        case .starting: 3
        case .backingOff: 4
        case .crashLooping: 5
        case .blocked: 6
        case .stopping: 7
        case .stopped: 8
        case .disabled: 9
        }
    }
}
