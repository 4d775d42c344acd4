import GateBackend
import GateConfig
import GateCore
import GateProtocol

extension Gateway {
    /// All figures for a monitoring system. Labels are servers only: their number is the operator's choice, that of tools and agents is
    /// not.
    package func metrics() async -> String {
        await recorder.flush()
        let statistics = recorder.statistics()
        let now = Instant.now
        let health = health()
        var out = MetricsText()
        out.family("stonegate_info", .gauge, "The running version.", [([("version", health.version)], 1)])
        out.family("stonegate_uptime_seconds", .gauge, "Time since the start.", [([], Double(health.uptimeSeconds))])
        out.family(
            "stonegate_calls_total", .counter, "Calls that are over, by how they ended.",
            statistics.statuses.sorted { $0.key.text < $1.key.text }.flatMap { server, counts in
                counts.sorted { $0.key.rawValue < $1.key.rawValue }.map {
                    ([("server", server.text), ("status", $0.key.rawValue)], Double($0.value))
                }
            })
        addDurations(statistics, now, &out)
        out.family(
            "stonegate_call_queue_seconds_total", .counter, "Time that calls have waited for a place at their server.",
            statistics.queueSeconds.sorted { $0.key.text < $1.key.text }.map { ([("server", $0.key.text)], $0.value) })
        addBackends(now, &out)
        addIntegrity(&out)
        out.family(
            "stonegate_async_pending", .gauge, "Asynchronous calls that have not ended.",
            [([], Double(asyncCalls.pending))])
        out.family(
            "stonegate_log_lost_total", .counter, "Calls that are missing in the call log.",
            [([], Double(recorder.lost))])
        out.family(
            "stonegate_buffered_bytes", .gauge, "Bytes held for others: bodies, replies that are not taken.",
            [([], Double(budget.used))])
        out.family(
            "stonegate_buffered_bytes_limit", .gauge, "limits.buffered_bytes.", [([], Double(budget.limit))])
        return out.text
    }

    private func addDurations(_ statistics: CallStatistics, _ now: Instant, _ out: inout MetricsText) {
        var samples: [(labels: [(String, String)], value: Double)] = []
        var suffixes: [String] = []
        for part in statistics.servers.all(now: now) {
            for (quantile, value) in [("0.5", part.hour.p50), ("0.95", part.hour.p95), ("0.99", part.hour.p99)] {
                samples.append(([("server", part.name), ("quantile", quantile)], Double(value) / 1e6))
                suffixes.append("")
            }
            samples.append(([("server", part.name)], part.all.average * Double(part.all.calls) / 1e6))
            samples.append(([("server", part.name)], Double(part.all.calls)))
            suffixes += ["_sum", "_count"]
        }
        out.family(
            "stonegate_call_duration_seconds", .summary,
            "Time of calls in stonegate and at the server; quantiles of the last hour.",
            samples, suffixes: suffixes)
    }

    private func addIntegrity(_ out: inout MetricsText) {
        let waiting = catalog.waiting
        out.family(
            "stonegate_tools_unapproved", .gauge, "Tools that are listed in a form that nobody has approved.",
            waiting.map { ([("server", $0.server)], Double($0.waiting)) })
        out.family(
            "stonegate_tools_hidden", .gauge, "Tools that are hidden until they are approved.",
            waiting.map { ([("server", $0.server)], Double($0.hidden)) })
        out.family(
            "stonegate_tool_changes_total", .counter, "Changes of approved tools since the start.",
            pins.changes.map { ([("server", $0.server)], Double($0.count)) })
    }

    private func addBackends(_ now: Instant, _ out: inout MetricsText) {
        let statuses = registry.entries.filter(\.config.enabled).map { ($0.config.name, $0.backend.status(now: now)) }
        func gauge(_ name: String, _ help: String, _ value: (BackendStatus) -> Double) {
            out.family(name, .gauge, help, statuses.map { ([("server", $0.0)], value($0.1)) })
        }
        gauge("stonegate_backend_up", "1 when the server takes calls.") { $0.state == .running || $0.isAsleep ? 1 : 0 }
        gauge("stonegate_circuit_open", "1 when the server's circuit is open, 0.5 when it is being tried.") {
            $0.circuit == .closed ? 0 : $0.circuit == .open ? 1 : 0.5
        }
        gauge("stonegate_in_flight", "Calls at the server.") { Double($0.inFlight) }
        gauge("stonegate_queued", "Calls that wait for a place at the server.") { Double($0.queued) }
        out.family(
            "stonegate_backend_restarts_total", .counter, "Restarts of the server.",
            statuses.map { ([("server", $0.0)], Double($0.1.restarts)) })
    }
}
