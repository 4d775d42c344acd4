package import GateProtocol

/// Bounds and times of the MCP front end.
package struct MCPOptions: Sendable {
    /// Event streams open at once: GET streams of legacy sessions and subscriptions of modern clients.
    package var maxStreams = 10_000
    /// GET streams of one session; one more ends the oldest.
    package var maxStreamsPerSession = 4
    /// Event streams of one agent.
    package var maxStreamsPerAgent = 1_000
    /// Sessions at one time.
    package var maxSessions = 10_000
    /// Sessions of one agent with a credential.
    package var maxSessionsPerAgent = 256
    /// How long a session may be unused; open streams and calls are uses.
    package var sessionIdleTimeout: Duration = .seconds(86_400)
    /// Resources that one subscription, or one session, is told of.
    package var maxResourcesPerSubscription = 500
    /// Events that are kept for clients of one session that come back.
    package var replayEvents = 256
    package var replayBytes = 512 * 1024
    /// The same of all sessions.
    package var replayTotalBytes = 16 * 1024 * 1024
    /// Whether clients are told that lists have changed, unless their endpoint says otherwise.
    package var announcesChanges = true
    /// Messages of one batch (2025-03-26).
    package var maxBatch = 100
    /// How often streams get a comment, so that both sides notice a dead connection.
    package var keepAlive: Duration = .seconds(25)
    /// The longest time that `X-Stonegate-Timeout` can ask for.
    package var maxCallTimeout: Duration = .seconds(300)
    /// How long a call of a client that knows tasks (2026-07-28) may take before it becomes one.
    package var taskAfter: Duration = .seconds(5)
    /// How long an agent has to answer a question.
    package var questionTimeout: Duration = .seconds(300)
    /// How long questions of one call are gathered before a caller of 2026-07-28 is asked them together.
    package var gatherTime: Duration = .milliseconds(20)
    /// Questions of one call that are open at once; further ones are refused.
    package var maxQuestionsPerCall = 16
    /// Calls that wait at once for agents of 2026-07-28 to come back with answers.
    package var maxParkedCalls = 1_000
    /// The same for one agent.
    package var maxParkedCallsPerAgent = 64
    /// Rounds that the gateway makes for one call of an agent with a session, and that a user is asked to open pages.
    package var maxRounds = 10
    /// The first pause before a round that only a backend wanted; each next one is twice as long.
    package var roundPause: Duration = .milliseconds(100)
    /// How long the wrapped state of a backend of 2026-07-28 can be used.
    package var stateLifetime: Duration = .seconds(3_600)
    /// What a message is held to.
    package var json = JSONLimits.standard

    package init() {}
}

extension MCPOptions {
    var replay: ReplayBuffer.Limits {
        ReplayBuffer.Limits(events: replayEvents, bytes: replayBytes, totalBytes: replayTotalBytes)
    }
}
