package import GateCore
package import GateProtocol
package import Logging
package import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A child process that speaks MCP in lines over its stdin and stdout.
///
/// Owned by its connection. All pipe work is done on one event loop; what is sent within one turn of the loop goes out in one
/// system call.
package final class StdioLink: MessageLink {
    struct State {
        var channel: (any Channel)?
        var stderr = StderrRing()
        var oversizedLines = 0
        var queuedBytes = 0
        var isFlushing = false
        var closed = false
        var exit: ProcessExit?
    }

    /// Bytes that wait for a child that does not read; beyond, calls are refused instead of piling up.
    private static let maxQueuedBytes = 16 * 1024 * 1024
    /// How long after the process has ended the rest of its output is waited for, and the other way round.
    private static let drainTime = TimeAmount.milliseconds(40)

    package let child: ChildProcess
    private let loop: any EventLoop
    // Not unowned: the end of a process may be told after the conversation has gone, and nobody is left to hear it.
    private weak let receiver: (any MessageLinkReceiver)?
    private let ladder: StopLadder
    let budget: MemoryBudget
    private let logger: Logger
    let state = Mutex(State())

    /// Takes over a child's pipes.
    ///
    /// - Parameter receiver: hears what happens for as long as it lives; not retained.
    package static func open(
        _ child: ChildProcess, lineLimit: Int, loop: any EventLoop, receiver: any MessageLinkReceiver,
        ladder: StopLadder = StopLadder(), budget: MemoryBudget = MemoryBudget(), logger: Logger
    ) async throws -> StdioLink {
        let link = StdioLink(
            child: child, loop: loop, receiver: receiver, ladder: ladder, budget: budget, logger: logger)
        guard let stdio = child.takeStdio() else { throw StdioTaken() }
        StdioLink.widen(stdio.stdin)
        StdioLink.widen(stdio.stdout)
        do {
            let channel = try await NIOPipeBootstrap(group: loop)
                .channelOption(
                    .recvAllocator,
                    // Not more than the pipe holds.
                    value: AdaptiveRecvByteBufferAllocator(minimum: 4096, initial: 16384, maximum: 256 * 1024)
                )
                .channelOption(.allowRemoteHalfClosure, value: true)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(StdioHandler(link: link, lineLimit: lineLimit))
                    }
                }
                .takingOwnershipOfDescriptors(input: stdio.stdout, output: stdio.stdin).get()
            link.state.withLock { $0.channel = channel }
            _ = try await NIOPipeBootstrap(group: loop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(StderrHandler(link: link))
                    }
                }
                .takingOwnershipOfDescriptor(input: stdio.stderr).get()
        } catch {
            child.killGroup()
            throw error
        }
        child.onExit { exit in
            link.state.withLock { $0.exit = exit }
            // Its last words may still be in the pipe; a grandchild may hold the pipe open for ever.
            loop.execute { link.finish(after: StdioLink.drainTime) }
        }
        return link
    }

    private init(
        child: ChildProcess, loop: any EventLoop, receiver: any MessageLinkReceiver, ladder: StopLadder,
        budget: MemoryBudget, logger: Logger
    ) {
        self.child = child
        self.loop = loop
        self.receiver = receiver
        self.ladder = ladder
        self.budget = budget
        self.logger = logger
    }

    /// The last lines of the child's stderr.
    package func stderrTail(_ count: Int) -> [String] { state.withLock { $0.stderr.tail(count) } }

    package func send(_ message: OutboundMessage) {
        if loop.inEventLoop { write(message) } else { loop.execute { self.write(message) } }
    }

    package func abandon(_ key: UInt64) {}

    package func established(_ version: ProtocolVersion) {}

    package func close() async {
        let channel = state.withLock { $0.channel }
        _ = await child.stop(ladder) {
            guard let channel else { return }
            try? await channel.close(mode: .output).get()
        }
        try? await channel?.close().get()
        loop.execute { self.finish(after: .zero) }
    }

    private func write(_ message: OutboundMessage) {
        let size = message.body.readableBytes
        let (channel, refusal, startsFlush) = state.withLock { state in
            guard let channel = state.channel, !state.closed, channel.isActive else {
                return (nil as (any Channel)?, "it has ended", false)
            }
            guard state.queuedBytes + size <= StdioLink.maxQueuedBytes else {
                return (nil, "it does not read its input", false)
            }
            state.queuedBytes += size
            defer { state.isFlushing = true }
            return (channel, "", !state.isFlushing)
        }
        guard let channel else {
            if let key = message.key {
                receiver?.linkFailed(exchange: key, LinkFailure(.network, refusal, sent: false))
            }
            return
        }
        budget.charge(size)
        channel.write(message.body).whenComplete { [budget] _ in
            budget.release(size)
            self.state.withLock { $0.queuedBytes -= size }
        }
        if startsFlush {
            loop.execute {
                self.state.withLock { $0.isFlushing = false }
                channel.flush()
            }
        }
    }

    // MARK: What the handlers report, on the loop

    func received(_ line: ByteBuffer) { receiver?.linkReceived(line, exchange: nil) }

    func outputEnded() { finish(after: state.withLock { $0.exit } == nil ? StdioLink.drainTime : .zero) }

    func notLines() {
        logger.warning("the server writes a line without end; it is stopped", metadata: ["server": "\(child.pid)"])
        child.killGroup()
    }

    func stderr(_ bytes: ByteBuffer) {
        let lines = bytes.withUnsafeReadableBytes { chunk in
            state.withLock { $0.stderr.feed(chunk, now: .now) }
        }
        for line in lines { logger.debug("stderr", metadata: ["line": "\(line)"]) }
    }

    private func finish(after delay: TimeAmount) {
        guard delay == .zero else {
            loop.scheduleTask(in: delay) { self.finish(after: .zero) }
            return
        }
        let (channel, exit) = state.withLock { state in
            guard !state.closed else { return (nil as (any Channel)?, nil as ProcessExit?) }
            state.closed = true
            defer { state.channel = nil }
            return (state.channel, state.exit)
        }
        guard let channel else { return }
        // Whatever is left of its group must not outlive the conversation.
        child.killGroup()
        channel.close(promise: nil)
        receiver?.linkClosed(exit.map(\.description) ?? "it closed its output")
    }

    /// Large messages pass in fewer turns through a larger pipe.
    private static func widen(_ descriptor: Int32) {
        #if os(Linux)
            // F_SETPIPE_SZ, which the headers show to GNU sources only.
            _ = fcntl(descriptor, 1031, 256 * 1024 as Int32)
        #endif
    }

    private struct StdioTaken: Error {}
}

private final class StdioHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let link: StdioLink
    private var framer: LineFramer
    /// The part of a line that has come.
    private var charge: MemoryCharge

    init(link: StdioLink, lineLimit: Int) {
        self.link = link
        framer = LineFramer(limit: lineLimit)
        charge = MemoryCharge(link.budget)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if framer.feed(unwrapInboundIn(data), { link.received($0) }) == .notLines { link.notLines() }
        charge.set(framer.heldBytes)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { link.outputEnded() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        charge.set(0)
        link.outputEnded()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

private final class StderrHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let link: StdioLink

    init(link: StdioLink) { self.link = link }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { link.stderr(unwrapInboundIn(data)) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
