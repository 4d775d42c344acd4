import GateBackend
package import GateConfig
import GateCore
package import GateProtocol

/// Looking at the servers and changing them while the gateway runs.
extension Gateway {
    package func servers(_ visibility: Visibility) async -> [ServerInfo] {
        await ProcessCensus.shared.refresh()
        return registry.entries.filter { visibility.sees($0.config.name) }.map { entry in
            let info = info(entry.backend.status(now: .now))
            return visibility.access == nil ? info : visible(info, visibility)
        }
    }

    /// What an agent with a credential may know of a server: how it is, and how many of its tools there are for the agent. What others do
    /// with it, and what it prints, is the operator's.
    private func visible(_ info: ServerInfo, _ visibility: Visibility) -> ServerInfo {
        ServerInfo(
            name: info.name, status: info.status, transport: info.transport,
            toolCount: catalog.snapshot.tools(visibility.only(info.name)).count, uptimeSeconds: info.uptimeSeconds,
            circuit: info.circuit, totalCalls: 0, errorRate: 0, details: JSONObject([]))
    }

    private func info(_ status: BackendStatus) -> ServerInfo {
        let listed = catalog.entry(status.name)
        var details = JSONObject([
            ("since_seconds", .init(Int(status.since.components.seconds))), ("reason", .string(status.reason)),
            ("advice", .string(status.advice)), ("in_flight", .init(status.inFlight)),
            ("queued", .init(status.queued)), ("restarts", .init(status.restarts)),
            ("total_errors", .init(Int(clamping: status.count.errors))),
        ])
        if let pid = status.pid { details["pid"] = .init(Int(pid)) }
        if let greeting = status.greeting {
            details["protocol"] = .string(greeting.version.rawValue)
            if let name = greeting.name { details["server_name"] = .string(name) }
            if let version = greeting.serverVersion { details["server_version"] = .string(version) }
        }
        if let exit = status.lastExit { details["last_exit"] = .string(exit) }
        if let error = status.lastError { details["last_error"] = .string(error) }
        if let retry = status.nextRetry { details["next_retry_seconds"] = .init(Int(retry.wholeSecondsUp)) }
        if !status.lastStderr.isEmpty { details["stderr"] = .array(status.lastStderr.suffix(5).map { .string($0) }) }
        if let usage = status.usage { details.add(usage) }
        if let sandbox = status.sandbox { details["sandbox"] = .string(sandbox) }
        if status.waits.waited > 0 {
            details["waited"] = .init(Int(clamping: status.waits.waited))
            details["avg_wait_ms"] = .init(rounded: status.waits.averageWait / .milliseconds(1))
            details["longest_wait_ms"] = .init(rounded: status.waits.longestWait / .milliseconds(1))
        }
        if status.waits.rejected > 0 { details["refused"] = .init(Int(clamping: status.waits.rejected)) }
        if status.strayMessages > 0 { details["stray_messages"] = .init(status.strayMessages) }
        if status.refusedQuestions > 0 { details["refused_questions"] = .init(status.refusedQuestions) }
        if status.droppedLogs > 0 { details["dropped_logs"] = .init(status.droppedLogs) }
        if let instances = status.instances { details["instances"] = .array(instances.map(\.json)) }
        if let listed {
            if listed.isStale { details["catalog_stale"] = true }
            // Their number only: a name that nobody has approved is the server's word, and this is read by agents.
            if !listed.held.isEmpty { details["hidden_tools"] = .init(listed.held.count) }
            let unapproved = listed.standings.doubtful.count
            if unapproved > 0 { details["unapproved_tools"] = .init(unapproved) }
            if !listed.dropped.isEmpty { details["dropped_tools"] = .array(listed.dropped.map { .string($0) }) }
            let repaired = listed.tools.filter { !$0.repairs.isEmpty }
            if !repaired.isEmpty {
                details["repaired_tools"] = .array(
                    repaired.map { .string("\($0.check.name): \($0.repairs.joined(separator: ", "))") })
            }
        }
        return ServerInfo(
            name: status.name, status: status.state.rawValue, transport: status.transport,
            toolCount: listed?.tools.count ?? 0, uptimeSeconds: Int(status.uptime?.components.seconds ?? 0),
            circuit: status.circuit.rawValue, totalCalls: Int(clamping: status.count.calls),
            errorRate: status.count.errorRate, details: details)
    }

    package func startServer(_ name: String) async throws(GateError) {
        try acting("server_start", name) { () throws(GateError) in try changeable(name).backend.start() }
    }

    package func stopServer(_ name: String) async throws(GateError) {
        try acting("server_stop", name) { () throws(GateError) in try changeable(name).backend.stop() }
    }

    package func restartServer(_ name: String) async throws(GateError) {
        try acting("server_restart", name) { () throws(GateError) in try changeable(name).backend.restart() }
    }

    package func removeServer(_ name: String) async throws(GateError) {
        try acting("server_remove", name) { () throws(GateError) in
            try refuseWhileDraining()
            let entry = try known(name)
            try saved.removeAdded(entry.config.name)
            _ = registry.remove(entry.config.name)
            pins.forget(entry.config.name)
        }
    }

    package func addServer(_ config: BackendConfig) async throws(GateError) {
        try acting("server_add", config.name) { () throws(GateError) in try add(config) }
    }

    /// Carries an administrative act out, and writes it into the audit log.
    private func acting(_ action: String, _ target: String, _ body: () throws(GateError) -> Void) throws(GateError) {
        guard let audit else { return try body() }
        try audit.acting(action, target, body)
    }

    private func add(_ config: BackendConfig) throws(GateError) {
        try refuseWhileDraining()
        try registry.add(config, isRuntime: true)
        do throws(GateError) {
            try saved.add(config)
        } catch {
            _ = registry.remove(config.name)
            throw error
        }
    }

    func refuseWhileDraining() throws(GateError) {
        if isDraining { throw GateError(.draining, "stonegate is stopping and changes nothing more.", retryAfter: 5) }
    }

    private func changeable(_ name: String) throws(GateError) -> BackendRegistry.Entry {
        try refuseWhileDraining()
        return try known(name)
    }

    private func known(_ name: String) throws(GateError) -> BackendRegistry.Entry {
        guard let entry = registry.entry(name) else {
            throw GateError(
                .serverNotFound, "There is no server '\(name)'. GET /server/list shows which there are.",
                source: .caller, server: name)
        }
        return entry
    }
}
