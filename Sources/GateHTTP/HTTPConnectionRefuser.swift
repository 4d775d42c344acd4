import NIOCore
import NIOHTTP1

/// Answers a connection too many with a 503 and closes it. Nothing it sends is read.
final class HTTPConnectionRefuser: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let shared: HTTPLoopContext

    init(shared: HTTPLoopContext) {
        self.shared = shared
    }

    func channelActive(context: ChannelHandlerContext) {
        let buffer = shared.refusal(
            .serviceUnavailable, reason: "too many connections; try again later", more: [("Retry-After", "1")])
        guard buffer.readableBytes > 0 else {
            context.close(promise: nil)
            return
        }
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(buffer)).whenComplete { _ in channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
}
