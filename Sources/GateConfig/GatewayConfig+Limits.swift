extension GatewayConfig {
    /// `[limits]`: bounds on everything that others can make the gateway hold or wait for.
    ///
    /// Active in every tier. No value means "unlimited": 0 is refused, and an absent key has the default given here.
    package struct Limits: Sendable, Equatable {
        // MARK: Client connections and requests
        package var connections = 1_024
        package var connectionsPerAddress = 128
        package var requestLineBytes = 8 * 1_024
        package var headerBytes = 32 * 1_024
        package var headerFields = 100
        package var bodyBytes = 4 * 1_024 * 1_024
        package var headerTimeout: Duration = .seconds(10)
        package var bodyTimeout: Duration = .seconds(30)
        /// Bytes each second below which a sender of a body is cut off.
        package var bodyMinRate = 1_024
        /// How long a kept-alive connection may be idle.
        package var keepAliveTimeout: Duration = .seconds(60)
        /// How long a client may take nothing of a reply before it is cut off.
        package var writeTimeout: Duration = .seconds(20)
        /// Bytes buffered in the whole process; new sessions stop at 80 % of it, new calls at 90 %.
        package var bufferedBytes = 96 * 1_024 * 1_024
        /// Failed authentications of one address in a minute before it is delayed.
        package var authFailuresPerMinute = 100

        // MARK: JSON
        package var jsonDepth = 64
        package var jsonNodes = 200_000
        package var jsonKeysPerObject = 10_000

        // MARK: Calls
        /// Upper bound of any call's timeout, also of those that a client asks for.
        package var maxCallTimeout: Duration = .seconds(300)
        /// How long calls in flight may go on when the gateway stops, or their server is removed or changed.
        package var drainTimeout: Duration = .seconds(30)
        /// How long an agent may take to answer a question of a backend.
        package var questionTimeout: Duration = .seconds(300)
        package var inFlightPerBackend = 64
        /// Calls that wait for a free place at one backend.
        package var queuePerBackend = 256
        package var inFlightPerPrincipal = 32
        /// Calls each second.
        package var ratePerPrincipal = 50
        package var burstPerPrincipal = 100

        // MARK: Sessions and streams
        /// MCP sessions, and event streams, at one time.
        package var sessions = 10_000
        package var sessionsPerPrincipal = 256
        /// How long a session may be unused; open streams and calls are uses.
        package var sessionIdleTimeout: Duration = .seconds(86_400)
        /// Event streams of one agent, by the name it gives itself.
        package var streamsPerAgent = 1_000
        /// Resources that one subscription or session may follow.
        package var resourcesPerSubscription = 500
        /// Events kept for clients of one session that come back after their connection broke.
        package var replayEvents = 256
        package var replayBytes = 512 * 1_024
        /// The same of all sessions.
        package var replayTotalBytes = 16 * 1_024 * 1_024
        package var sseQueueMessages = 256
        package var sseQueueBytes = 1_024 * 1_024

        // MARK: Backends
        package var initializeTimeout: Duration = .seconds(30)
        package var listTimeout: Duration = .seconds(10)
        package var toolsPerBackend = 1_000
        package var catalogBytes = 8 * 1_024 * 1_024
        package var descriptionBytes = 16 * 1_024
        package var schemaBytes = 64 * 1_024
        package var stdoutLineBytes = 16 * 1_024 * 1_024
        /// Bytes of an over-long line that are skipped before the backend counts as broken.
        package var stdoutSkipBytes = 32 * 1_024 * 1_024
        package var stderrRingBytes = 64 * 1_024
        package var stderrLinesPerSecond = 100
        package var upstreamBodyBytes = 16 * 1_024 * 1_024
        package var upstreamConnectionsPerBackend = 128

        // MARK: Child processes
        package var concurrentSpawns = 4
        /// Starts within `restartWindow` after which a backend counts as crash-looping and is tried once a minute.
        package var restartBudget = 5
        package var restartWindow: Duration = .seconds(60)
        /// Delay of the first restart; it doubles with each one.
        package var restartDelayMin: Duration = .milliseconds(100)
        package var restartDelayMax: Duration = .milliseconds(30_000)
        /// Per cent by which each delay is varied at random, up and down.
        package var restartJitter = 20
        /// Open files of one child.
        package var childOpenFiles = 1_024
        /// Processes of the child's user; nil leaves the system's limit.
        package var childProcesses: Int?
        /// Address space of one child in bytes; nil leaves the system's limit.
        package var childMemoryBytes: Int?

        // MARK: Audit log
        package var auditRecordBytes = 16 * 1_024
        package var auditFileBytes = 256 * 1_024 * 1_024

        package init() {}
    }
}
