import GateCore
import NIOCore

/// What a child writes to stdout.
final class StdioOutputHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let link: StdioLink
    private var framer: LineFramer
    /// The part of a line that has come.
    private var charge: MemoryCharge

    init(link: StdioLink, framer: LineFramer) {
        self.link = link
        self.framer = framer
        charge = MemoryCharge(link.budget)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let before = framer.oversized
        let verdict = framer.feed(unwrapInboundIn(data), { link.received($0) })
        charge.set(framer.heldBytes)
        if framer.oversized > before { link.skipped(framer.oversized - before) }
        if verdict == .notLines { link.broken("it writes a line without end") }
    }

    func channelInactive(context: ChannelHandlerContext) {
        charge.set(0)
        link.ended(.output)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// The way to a child's stdin: nothing comes from there but its end.
final class StdioInputHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let link: StdioLink

    init(link: StdioLink) { self.link = link }

    func channelInactive(context: ChannelHandlerContext) { link.ended(.input) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// What a child writes to stderr.
final class StdioErrorsHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let link: StdioLink

    init(link: StdioLink) { self.link = link }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { link.stderr(unwrapInboundIn(data)) }

    func channelInactive(context: ChannelHandlerContext) { link.ended(.errors) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
