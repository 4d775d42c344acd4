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
        let response = shared.responder.errorResponse(
            .serviceUnavailable, reason: "too many connections; try again later")
        var headers = response.headers
        headers.replaceOrAdd(name: "Retry-After", value: "1")
        var buffer = ByteBuffer()
        let isEncoded = ResponseHeadEncoder.write(
            status: .serviceUnavailable, headers: headers, framing: .length(response.body.readableBytes),
            connection: "close",
            date: shared.date, into: &buffer)
        guard isEncoded else {
            context.close(promise: nil)
            return
        }
        buffer.writeImmutableBuffer(response.body)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(buffer)).whenComplete { _ in channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
}
