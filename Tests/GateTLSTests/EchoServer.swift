import GateTLS
import GateTestKit
import NIOCore
import NIOPosix
import Synchronization

/// Sends back what it gets, behind TLS, and remembers the certificates it was shown.
final class EchoServer: Sendable {
    let port: UInt16
    private let channel: any Channel
    private let group: MultiThreadedEventLoopGroup
    private let shown: Journal<CertificateFacts?>

    static let plainRefusal = "speak TLS\n"

    init(_ source: TLSSource, timeout: TimeAmount = .seconds(10), allowsPlain: Bool = false) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let shown = Journal<CertificateFacts?>(name: "certificates")
        self.group = group
        self.shown = shown
        channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        TLSHandler(source, timeout: timeout, allowsPlain: allowsPlain) {
                            ByteBuffer(string: EchoServer.plainRefusal)
                        }, Echo(shown),
                    ])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = UInt16(channel.localAddress?.port ?? 0)
    }

    /// The names in the certificate of the first client that has shaken hands; nil for one without a certificate.
    func firstNames() async throws -> [String]? {
        try await shown.first(within: .seconds(10)) { _ in true }.element?.names
    }

    func stop() async throws {
        try await channel.close()
        try await group.shutdownGracefully()
    }

    private final class Echo: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let shown: Journal<CertificateFacts?>

        init(_ shown: Journal<CertificateFacts?>) { self.shown = shown }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            context.write(wrapOutboundOut(bytes), promise: nil)
            context.flush()
            // The word that makes it hang up.
            if bytes.getString(at: bytes.readerIndex, length: bytes.readableBytes) == "bye" {
                context.close(promise: nil)
            }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if let established = event as? TLSEstablished { shown.append(established.certificate) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {}
    }
}
