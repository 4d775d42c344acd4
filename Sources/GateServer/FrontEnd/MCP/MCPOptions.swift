package import GateProtocol

/// Bounds and times of the MCP front end.
package struct MCPOptions: Sendable {
    /// Event streams open at once: GET streams of legacy sessions and subscriptions of modern clients.
    package var maxStreams = 10_000
    /// GET streams of one session; one more ends the oldest.
    package var maxStreamsPerSession = 4
    /// Ended sessions that are remembered.
    package var maxEndedSessions = 65_536
    /// Messages of one batch (2025-03-26).
    package var maxBatch = 100
    /// How often streams get a comment, so that both sides notice a dead connection.
    package var keepAlive: Duration = .seconds(15)
    /// The longest time that `X-Stonegate-Timeout` can ask for.
    package var maxCallTimeout: Duration = .seconds(300)
    /// What a message is held to.
    package var json = JSONLimits.standard

    package init() {}
}
