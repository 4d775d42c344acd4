package import GateHTTP
package import GateTLS
package import Logging
import NIOCore
import NIOPosix

/// An authority that answers over HTTP.
package struct AuthorityServer: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let server: HTTPServer
    /// Where it listens, with the port that the system chose for port 0.
    package let address: HTTPBindAddress

    /// Starts to listen.
    ///
    /// - Parameter now: seconds since 1970.
    package static func start(
        _ authority: Authority, host: String, port: Int, tls: TLSSource?, logger: Logger,
        now: @escaping @Sendable () -> Int
    ) async throws -> AuthorityServer {
        let wanted = HTTPBindAddress(host: host, port: port)
        var configuration = HTTPServerConfiguration(addresses: [wanted])
        configuration.tls = tls
        configuration.limits.maxConnections = 256
        configuration.limits.maxConnectionsPerAddress = 64
        configuration.limits.maxBodyBytes = 16 * 1024
        configuration.limits.bodyTime = .seconds(10)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = HTTPServer(
            configuration: configuration, group: group,
            responder: AuthorityResponder(authority: authority, logger: logger, now: now), logger: logger)
        do {
            let bound = try await server.start()
            return AuthorityServer(group: group, server: server, address: bound.first ?? wanted)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    /// Finishes what is in flight and stops.
    package func stop() async {
        await server.stop(grace: .seconds(5))
        try? await group.shutdownGracefully()
    }
}
