/// Waiting for what the gateway's log tells: no polling.
extension GatewayProcess {
    /// Lines of the log so far; a place to wait from.
    package var logged: Int { program.errors.all.count }

    /// Waits until the log has a line, from `start` on, that contains `text`.
    @discardableResult
    package func log(_ text: String, from start: Int = 0, within time: Duration = .seconds(20)) async throws -> String {
        try await program.errors.first(from: start, within: time) { $0.contains(text) }.element
    }

    /// Waits until every one of the servers is running.
    package func running(
        _ servers: [String], from start: Int = 0, within time: Duration = .seconds(60)
    ) async throws {
        let deadline = ContinuousClock.now + time
        for server in servers {
            try await log("[\(server)] server is running", from: start, within: deadline - .now)
        }
    }
}
