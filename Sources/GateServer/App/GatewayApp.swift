import GateCore
import GateBackend
package import GateConfig
import GateHTTP
import GateLicense
import GateProtocol
import GateStore
import GateTLS
package import Logging
import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The composition root: builds every part, starts them in order, and stops them in the reverse order.
package struct GatewayApp: Sendable {
    /// What is known once the gateway answers.
    package struct Ready: Sendable {
        package let url: String
        /// Where other machines reach it; nil when they do not, or when a proxy stands in front.
        package let publicURL: String?
        package let adminTokenPath: String
        package let version: String
        package let gateway: any GatewayServices
    }

    package let config: GatewayConfig
    package let environment: [String: String]
    package let logger: Logger
    private let source: ConfigSource
    private let file: ConfigFile?

    /// - Parameters:
    ///   - config: what was loaded from `file` by `source`.
    ///   - source: where it is read again when the gateway is told to.
    package init(
        config: GatewayConfig, source: ConfigSource, file: ConfigFile?, environment: [String: String], logger: Logger
    ) {
        self.config = config
        self.source = source
        self.file = file
        self.environment = environment
        self.logger = logger
    }

    /// Forks the guardian, which ends the servers should this process be killed. Only before any thread exists.
    package static func startGuardian() throws { try Guardian.start() }

    /// No core dumps, no reading of this process's memory and environment by others of the same user, and new files for the owner
    /// alone. Call it before ``startGuardian()``, which inherits it.
    package static func concealProcess() { ProcessConcealment.begin() }

    /// Ends the processes of an earlier gateway that was killed together with its guardian, and keeps a list for the next one.
    private func sweep(_ directory: StateDirectory) {
        Sandbox.removeLeftovers(dataDirectory: directory.path)
        guard let ledger = ChildLedger(path: "\(directory.path)/children") else {
            return logger.warning(
                "\(directory.path)/children cannot be written; should this gateway and its guardian be killed, their servers live on"
            )
        }
        let ended = ledger.sweep()
        if ended > 0 { logger.warning("ended \(ended) processes that an earlier gateway had left behind") }
        ProcessSpawner.shared.keep(ledger)
    }

    private func open(_ directory: StateDirectory) throws(StateDirectoryError) -> SQLiteStores {
        do throws(StoreFailure) {
            return try SQLiteStores(directory: directory.path, maxResultBytes: config.async.maxStoredBytes) {
                logger.error("\($0)")
            }
        } catch {
            throw StateDirectoryError(description: error.reason, isBusy: false)
        }
    }

    private func recover(_ gateway: Gateway) async throws(StateDirectoryError) {
        do throws(StoreFailure) {
            try await gateway.recoverCalls()
        } catch {
            throw StateDirectoryError(
                description: "the calls of an earlier run cannot be read: \(error.reason)", isBusy: false)
        }
    }

    /// Runs the gateway until SIGTERM or SIGINT. A second signal ends the process at once. SIGHUP and a change of the file
    /// reload the configuration.
    ///
    /// - Parameter onReady: called once, when requests are answered. Backends go on starting in the background.
    /// - Throws: ``StateDirectoryError``, `TLSProblem` or `HTTPServerError`, in words for the operator, before anything was started.
    package func run(onReady: @escaping @Sendable (Ready) -> Void) async throws {
        let events = LifeEvents()
        let url = config.localURL
        let tls = try config.tlsFiles.map { try TLSSource($0) }
        let directory = try StateDirectory(path: config.server.dataDir, url: url)
        for note in directory.notes { logger.warning("\(note)") }
        sweep(directory)
        let token = try AdminToken.load(directory: directory)
        guard let sealer = try SessionSealer(key: directory.secret("session.key", bytes: 32)) else {
            throw StateDirectoryError(description: "the session key cannot be used", isBusy: false)
        }
        guard let states = try StateSealer(key: directory.secret("state.key", bytes: 32)) else {
            throw StateDirectoryError(description: "the key for states of calls cannot be used", isBusy: false)
        }
        let stores = try open(directory)
        let audit = try AuditTrail.open(config, directory, logger)
        let license = try LicenseKeeper(config, directory, logger: logger) {
            audit?.act($0, $1, result: $2, detail: $3)
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: GatewayApp.loops)
        let gateway = try Gateway(
            config: config, source: source, directory: directory, calls: stores.calls, log: stores.log,
            pins: stores.pins, audit: audit, license: license, group: group,
            environment: environment, logger: logger)
        let ledger = SessionLedger(directory: directory, loop: group.next())
        let mcp = MCPFrontEnd(
            services: gateway, sealer: sealer, states: states, ledger: ledger, group: group, options: mcpOptions,
            budget: gateway.budget
        )
        let responder = GatewayResponder(services: gateway, mcp: mcp, token: token, config: config)
        let server = HTTPServer(
            configuration: http(tls), group: group, budget: gateway.budget, responder: responder, logger: logger)
        gateway.reloader.started(with: file)
        gateway.takeInServers()
        try await recover(gateway)
        do {
            try await server.start()
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
        let post = events.post
        gateway.onStopRequest { post(.stopRequest) }
        let watcher = source.location.map { location in
            ConfigWatcher(path: location.path, loop: group.next(), logger: logger) { post(.fileChanged) }
        }
        watcher?.start()
        let certificates = tls.map { CertificateReloader($0, loop: group.next(), logger: logger) }
        certificates?.start()
        gateway.onReloadRequest { certificates?.look() }
        let expiry = group.next().scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            gateway.access.tick(now: WallClock.milliseconds() / 1_000)
        }
        let licenseClock = group.next().scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(30)) { _ in
            license.tick()
        }
        license.tell { [weak gateway] in
            await gateway?.telemetry() ?? Telemetry(uptimeSeconds: 0, backends: 0, calls: 0)
        }
        onReady(
            Ready(
                url: url, publicURL: config.publicURL, adminTokenPath: token.path, version: StonegateVersion.current,
                gateway: gateway))
        await withDiscardingTaskGroup { tasks in
            tasks.addTask { await gateway.run() }
            tasks.addTask { await license.run() }
            var isStopping = false
            life: for await event in events.stream {
                switch event {
                case .reload where !isStopping: tasks.addTask { await gateway.reloadForSignal() }
                case .fileChanged where !isStopping: tasks.addTask { await gateway.reload(onlyIfChanged: true) }
                case .stopRequest where isStopping, .reload, .fileChanged: break
                case .stopped: break life
                case .stop where isStopping: _exit(130)
                case .stop, .stopRequest:
                    isStopping = true
                    watcher?.stop()
                    certificates?.stop()
                    licenseClock.cancel()
                    license.endHeartbeats()
                    tasks.addTask {
                        await stop(gateway, mcp, server)
                        post(.stopped)
                    }
                }
            }
        }
        expiry.cancel()
        await license.finish()
        ledger.flush()
        await stores.close()
        try? await group.shutdownGracefully()
        logger.notice("stopped")
    }

    /// New work is refused from here on, in words, on connections old and new, until what is under way has ended.
    private func stop(_ gateway: Gateway, _ mcp: MCPFrontEnd, _ server: HTTPServer) async {
        let time = gateway.config.limits.drainTimeout
        logger.notice("stopping: calls in flight have \(time.components.seconds) s to finish")
        gateway.beginDraining()
        await server.beginDraining()
        mcp.shutdown()
        if await !gateway.finishCalls(within: time) {
            logger.warning("calls in flight did not finish in time; their servers are stopped now")
            // Ends these calls with an error that says what is known of them.
            gateway.shutDown()
        }
        await server.stop(grace: GatewayApp.answerTime)
        gateway.shutDown()
    }

    /// How long the last answers may take to leave.
    private static let answerTime = Duration.seconds(3)

    /// One loop carries some 40,000 calls a second; more threads than half the machine only take time from the backends.
    private static var loops: Int { max(1, System.coreCount / 2) }

    private var mcpOptions: MCPOptions {
        var options = MCPOptions()
        options.maxStreams = config.limits.sessions
        options.maxStreamsPerAgent = config.limits.streamsPerAgent
        options.maxSessions = config.limits.sessions
        options.maxSessionsPerAgent = config.limits.sessionsPerPrincipal
        options.sessionIdleTimeout = config.limits.sessionIdleTimeout
        options.maxResourcesPerSubscription = config.limits.resourcesPerSubscription
        options.replayEvents = config.limits.replayEvents
        options.replayBytes = config.limits.replayBytes
        options.replayTotalBytes = config.limits.replayTotalBytes
        options.announcesChanges = config.gateway.listChanged
        options.maxCallTimeout = config.limits.maxCallTimeout
        options.taskAfter = config.async.taskAfter
        options.questionTimeout = config.limits.questionTimeout
        options.json = JSONLimits(depth: config.limits.jsonDepth, nodes: config.limits.jsonNodes)
        return options
    }

    private func http(_ tls: TLSSource?) -> HTTPServerConfiguration {
        var configuration = HTTPServerConfiguration(addresses: config.server.bindAddresses)
        configuration.tls = tls
        let limits = config.limits
        configuration.limits.maxConnections = max(limits.connections, config.gateway.maxConnections)
        // All local agents share one address, and all those behind a proxy: the cap for one would be a cap for all of them.
        configuration.limits.maxConnectionsPerLoopbackAddress = configuration.limits.maxConnections
        configuration.limits.maxConnectionsPerAddress =
            config.server.behindProxy ? configuration.limits.maxConnections : limits.connectionsPerAddress
        configuration.limits.maxRequestLineBytes = limits.requestLineBytes
        configuration.limits.maxHeaderBytes = limits.headerBytes
        configuration.limits.maxHeaderFields = limits.headerFields
        configuration.limits.maxBodyBytes = limits.bodyBytes
        configuration.limits.headTime = limits.headerTimeout
        configuration.limits.bodyTime = limits.bodyTimeout
        configuration.limits.minBodyRate = limits.bodyMinRate
        configuration.limits.idleTime = limits.keepAliveTimeout
        configuration.hasRoom = { DescriptorReserve.hasRoom() }
        configuration.limits.writeStallTime = limits.writeTimeout
        configuration.limits.maxStreamMessages = limits.sseQueueMessages
        configuration.limits.maxStreamBytes = limits.sseQueueBytes
        return configuration
    }
}
