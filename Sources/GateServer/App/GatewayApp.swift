import GateBackend
package import GateConfig
import GateHTTP
import GateProtocol
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
        package let adminTokenPath: String
        package let version: String
        package let gateway: any GatewayServices
    }

    package let config: GatewayConfig
    package let environment: [String: String]
    package let logger: Logger

    /// How long calls in flight may go on after the gateway was told to stop.
    private static let drainTime = Duration.seconds(30)

    package init(config: GatewayConfig, environment: [String: String], logger: Logger) {
        self.config = config
        self.environment = environment
        self.logger = logger
    }

    /// Forks the guardian, which ends the servers should this process be killed. Only before any thread exists.
    package static func startGuardian() throws { try Guardian.start() }

    /// Runs the gateway until SIGTERM or SIGINT. A second signal ends the process at once.
    ///
    /// - Parameter onReady: called once, when requests are answered. Backends go on starting in the background.
    /// - Throws: ``StateDirectoryError`` or `HTTPServerError`, in words for the operator, before anything was started.
    package func run(onReady: @escaping @Sendable (Ready) -> Void) async throws {
        let signals = TerminationSignals()
        let directory = try StateDirectory(path: config.server.dataDir)
        let token = try AdminToken.load(directory: directory)
        guard let sealer = try SessionSealer(key: directory.secret("session.key", bytes: 32)) else {
            throw StateDirectoryError(description: "the session key cannot be used", isBusy: false)
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: GatewayApp.loops)
        let gateway = Gateway(
            config: config, directory: directory, group: group, environment: environment, logger: logger)
        let mcp = MCPFrontEnd(services: gateway, sealer: sealer, group: group, options: mcpOptions)
        let responder = GatewayResponder(services: gateway, mcp: mcp, token: token, config: config)
        let server = HTTPServer(configuration: http, group: group, responder: responder, logger: logger)
        gateway.takeInServers()
        do {
            try await server.start()
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
        onReady(
            Ready(
                url: "http://\(config.server.host):\(config.server.port)", adminTokenPath: token.path,
                version: StonegateVersion.current, gateway: gateway))
        await withDiscardingTaskGroup { tasks in
            tasks.addTask { await gateway.run() }
            var received = signals.stream.makeAsyncIterator()
            _ = await received.next()
            logger.notice("stopping: calls in flight have \(GatewayApp.drainTime.components.seconds) s to finish")
            tasks.addTask { [stream = signals.stream] in for await _ in stream { _exit(130) } }
            gateway.beginDraining()
            mcp.shutdown()
            await server.stop(grace: GatewayApp.drainTime)
            gateway.shutDown()
            tasks.cancelAll()
        }
        try? await group.shutdownGracefully()
        logger.notice("stopped")
    }

    /// One loop carries some 40,000 calls a second; more threads than half the machine only take time from the backends.
    private static var loops: Int { max(1, System.coreCount / 2) }

    private var mcpOptions: MCPOptions {
        var options = MCPOptions()
        options.maxStreams = config.limits.sessions
        options.maxCallTimeout = config.limits.maxCallTimeout
        options.json = JSONLimits(depth: config.limits.jsonDepth, nodes: config.limits.jsonNodes)
        return options
    }

    private var http: HTTPServerConfiguration {
        var addresses = [HTTPBindAddress(host: config.server.host, port: config.server.port)]
        // `localhost` is ::1 first on many machines.
        if config.server.host == "127.0.0.1" || config.server.host == "localhost" {
            addresses = [
                HTTPBindAddress(host: "127.0.0.1", port: config.server.port),
                HTTPBindAddress(host: "::1", port: config.server.port, isOptional: true),
            ]
        }
        var configuration = HTTPServerConfiguration(addresses: addresses)
        let limits = config.limits
        configuration.limits.maxConnections = max(limits.connections, config.gateway.maxConnections)
        // All local agents share one address: the cap for one address would be a cap for all of them.
        configuration.limits.maxConnectionsPerAddress = configuration.limits.maxConnections
        configuration.limits.maxRequestLineBytes = limits.requestLineBytes
        configuration.limits.maxHeaderBytes = limits.headerBytes
        configuration.limits.maxHeaderFields = limits.headerFields
        configuration.limits.maxBodyBytes = limits.bodyBytes
        configuration.limits.maxBufferedBodyBytes = limits.bufferedBytes
        configuration.limits.headTime = limits.headerTimeout
        configuration.limits.bodyTime = limits.bodyTimeout
        configuration.limits.minBodyRate = limits.bodyMinRate
        configuration.limits.idleTime = limits.keepAliveTimeout
        configuration.limits.writeStallTime = limits.writeTimeout
        configuration.limits.maxStreamMessages = limits.sseQueueMessages
        configuration.limits.maxStreamBytes = limits.sseQueueBytes
        return configuration
    }
}
