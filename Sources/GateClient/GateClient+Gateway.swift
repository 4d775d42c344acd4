public import GateProtocol

extension GateClient {
    /// How the gateway and its servers are.
    public func health() async throws(GateError) -> HealthInfo { try await value(.get, "/health") }

    /// Counts and times of calls, in all and by server.
    public func stats() async throws(GateError) -> StatsInfo { try await value(.get, "/stats") }

    /// The configuration in force, without secrets.
    ///
    /// - Throws: `ADMIN_REQUIRED`.
    public func config() async throws(GateError) -> JSONValue { try await json(.get, "/config") }
}
