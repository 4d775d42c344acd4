import GateConfig
import GateCore
package import GateLicense
package import GateProtocol
import GateStore

extension Gateway {
    /// All calls that were over before are counted.
    package func stats(of agent: String?) async -> StatsInfo {
        await recorder.flush()
        let statistics = recorder.statistics()
        let now = Instant.now
        if let agent {
            // What others do, and at which servers, is none of its business.
            let own = StatsInfo.Backend(statistics.agents.part(agent, now: now), name: agent)
            var info = StatsInfo(
                totalCalls: own.calls, totalErrors: own.errors, averageLatency: own.averageMilliseconds,
                p95Latency: own.latency?.p95 ?? 0, p99Latency: own.latency?.p99 ?? 0, backends: [])
            info.lastMinute = own.lastMinute
            info.lastHour = own.lastHour
            info.agents = [own]
            return info
        }
        let total = statistics.total.total
        var info = StatsInfo(
            totalCalls: Int(clamping: total.calls), totalErrors: Int(clamping: total.errors),
            averageLatency: total.average / 1_000, p95Latency: Double(total.p95) / 1_000,
            p99Latency: Double(total.p99) / 1_000,
            backends: registry.entries.map { entry in
                let part = statistics.servers.part(entry.config.name, now: now)
                return StatsInfo.Backend(part, name: entry.config.name)
            },
            memory: .init(bufferedBytes: budget.used, limitBytes: budget.limit, refused: budget.refused))
        info.p50Latency = Double(total.p50) / 1_000
        info.p999Latency = Double(total.p999) / 1_000
        info.lastMinute = StatsInfo.Latency(statistics.total.lastMinute(now: now))
        info.lastHour = StatsInfo.Latency(statistics.total.lastHour(now: now))
        info.tools = statistics.tools.all(now: now).map { StatsInfo.Backend($0, name: $0.name) }
        info.agents = statistics.agents.all(now: now).map { StatsInfo.Backend($0, name: $0.name) }
        info.pendingAsyncCalls = asyncCalls.pending
        info.lostRecords = recorder.lost
        return info
    }
}

extension StatsInfo.Backend {
    fileprivate init(_ part: CallStatistics.Part?, name: String) {
        let all = part?.all ?? .none
        self.init(
            name: name, calls: Int(clamping: all.calls), errors: Int(clamping: all.errors),
            averageMilliseconds: all.average / 1_000)
        latency = StatsInfo.Latency(all)
        lastMinute = StatsInfo.Latency(part?.minute ?? .none)
        lastHour = StatsInfo.Latency(part?.hour ?? .none)
    }
}

extension StatsInfo.Latency {
    fileprivate init(_ summary: LatencySummary) {
        self.init(
            calls: Int(clamping: summary.calls), errors: Int(clamping: summary.errors),
            average: summary.average / 1_000, p50: Double(summary.p50) / 1_000, p95: Double(summary.p95) / 1_000,
            p99: Double(summary.p99) / 1_000, p999: Double(summary.p999) / 1_000,
            maximum: Double(summary.maximum) / 1_000)
    }
}

extension Gateway {
    /// Why asynchronous calls are not accepted at present.
    var storeWarnings: [String] {
        asyncCalls.store.refusal.map { ["no asynchronous calls are accepted: \($0.reason)"] } ?? []
    }

    /// The figures that a heartbeat tells.
    package func telemetry() async -> Telemetry {
        let health = health()
        return Telemetry(
            uptimeSeconds: health.uptimeSeconds, backends: health.backendsTotal, calls: await stats(of: nil).totalCalls)
    }
}
