package import GateCore
package import Logging
package import NIOCore
package import NIOPosix
import GateTLS
import NIOHTTP1
import Synchronization

/// An HTTP/1.1 server on NIO. It knows nothing of what is served: see `HTTPResponder`.
package final class HTTPServer: Sendable {
    private enum State {
        case new
        case starting
        case running([any Channel])
        case stopped
    }

    private let configuration: HTTPServerConfiguration
    private let group: MultiThreadedEventLoopGroup
    private let limiter: ConnectionLimiter
    private let contexts: [ObjectIdentifier: HTTPLoopContext]
    private let responder: any HTTPResponder
    private let logger: Logger
    private let state = Mutex(State.new)

    /// - Parameters:
    ///   - group: the event loops to work on. It stays the caller's and must outlive the server.
    ///   - executors: the executors of the group's loops, when the caller uses them too.
    ///   - budget: what request bodies and replies that clients do not take are counted in; bodies beyond it get a 503.
    package init(
        configuration: HTTPServerConfiguration, group: MultiThreadedEventLoopGroup,
        executors: EventLoopTaskExecutors? = nil, budget: MemoryBudget = MemoryBudget(),
        responder: any HTTPResponder, logger: Logger
    ) {
        self.configuration = configuration
        self.group = group
        self.responder = responder
        self.logger = logger
        let limiter = ConnectionLimiter(limits: configuration.limits)
        self.limiter = limiter
        let executors = executors ?? EventLoopTaskExecutors(group: group)
        var contexts: [ObjectIdentifier: HTTPLoopContext] = [:]
        for loop in group.makeIterator() {
            contexts[ObjectIdentifier(loop)] = HTTPLoopContext(
                executor: executors.executor(for: loop), configuration: configuration, limiter: limiter,
                budget: budget, responder: responder, logger: logger)
        }
        self.contexts = contexts
    }

    /// The number of open connections, those that are being closed included.
    package var connectionCount: Int { limiter.connectionCount }

    /// Starts to listen on all addresses.
    /// - Returns: the addresses as bound, with the port the system chose for port 0.
    /// - Throws: `HTTPServerError`; nothing is left listening then.
    @discardableResult
    package func start() async throws -> [HTTPBindAddress] {
        try state.withLock { state in
            guard case .new = state else { throw HTTPServerError.alreadyStarted }
            state = .starting
        }
        var channels: [any Channel] = []
        do {
            for address in configuration.addresses {
                do {
                    channels.append(try await bind(address))
                } catch HTTPServerError.addressNotAvailable where address.isOptional {
                    logger.notice("not listening on \(address): this machine does not have the address")
                }
            }
            guard !channels.isEmpty else { throw HTTPServerError.noAddress }
        } catch {
            for channel in channels { try? await channel.close() }
            state.withLock { $0 = .stopped }
            throw error
        }
        let bound = channels.compactMap { channel in
            channel.localAddress.flatMap { address in
                address.ipAddress.map { HTTPBindAddress(host: $0, port: address.port ?? 0) }
            }
        }
        let listening = channels
        state.withLock { $0 = .running(listening) }
        return bound
    }

    /// Tells clients to go elsewhere: every answer from here on closes its connection. Requests are still taken, on new connections
    /// too, so that the responder can refuse them in words, until ``stop(grace:)``.
    package func beginDraining() async {
        for context in contexts.values {
            try? await context.eventLoop.submit { context.isDraining = true }.get()
        }
    }

    /// Stops: no new connections, idle ones are closed, requests in flight are answered with `Connection: close` and streams are told
    /// through `HTTPExchange.onShutdown`. Returns when all connections are closed.
    /// - Parameter grace: the time after which what is left is cut.
    package func stop(grace: Duration) async {
        let channels: [any Channel] = state.withLock { state in
            defer { state = .stopped }
            if case .running(let channels) = state { return channels }
            return []
        }
        for channel in channels { try? await channel.close() }
        var stopped: [EventLoopFuture<Void>] = []
        for context in contexts.values {
            let promise = context.eventLoop.makePromise(of: Void.self)
            context.eventLoop.execute { context.stop(grace: TimeAmount(grace), promise: promise) }
            stopped.append(promise.futureResult)
        }
        for future in stopped { try? await future.get() }
    }

    /// Checks all timers as if it were `now`. For tests, with `HTTPServerConfiguration.sweepInterval` nil.
    package func sweep(now: NIODeadline) async {
        for context in contexts.values {
            try? await context.eventLoop.submit { context.sweep(now: now) }.get()
        }
    }

    private func bind(_ address: HTTPBindAddress) async throws -> any Channel {
        let isIPv6 = address.host.utf8.contains(UInt8(ascii: ":"))
        var bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Int32(clamping: configuration.backlog))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                // Out of descriptors: wait instead of spinning.
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptBackoffHandler())
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: configuration.allowsHalfClosure)
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 2048, maximum: 64 * 1024)
            )
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try accept(channel) }
            }
        if isIPv6 {
            // Otherwise `::` would take the port of `0.0.0.0` as well.
            bootstrap = bootstrap.serverChannelOption(
                ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only), value: 1)
        }
        do {
            return try await bootstrap.bind(host: address.host, port: address.port).get()
        } catch {
            throw HTTPServerError(error, address: address)
        }
    }

    private static let plainRefused = "This port speaks HTTPS to other machines. Begin the URL with https://"

    private func accept(_ channel: any Channel) throws {
        let peer = channel.remoteAddress
        let address = peer?.ipAddress ?? ""
        guard let context = contexts[ObjectIdentifier(channel.eventLoop)] else { return }
        let isLocal = peer?.isLoopback ?? false
        guard configuration.hasRoom(), limiter.acquire(address: address, isLoopback: isLocal) else {
            // A handshake only to say no is more than a server without room can give.
            let isPlain = configuration.tls == nil || isLocal
            guard isPlain else { return channel.close(promise: nil) }
            return try channel.pipeline.syncOperations.addHandler(HTTPConnectionRefuser(shared: context))
        }
        do {
            if let source = configuration.tls {
                try channel.pipeline.syncOperations.addHandler(
                    TLSHandler(source, timeout: context.times.head, allowsPlain: isLocal) {
                        context.refusal(.badRequest, reason: HTTPServer.plainRefused)
                    })
            }
            try channel.pipeline.syncOperations.addHandler(
                HTTPConnection(shared: context, address: address, peer: peer))
        } catch {
            limiter.release(address: address)
            throw error
        }
    }
}
