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
    enum Pipe { case input, output, errors }

    struct State {
        var outbox: StdioOutbox
        var input: (any Channel)?
        var output: (any Channel)?
        var errors: (any Channel)?
        var outputEnded = false
        var errorsEnded = false
        /// The gateway itself is ending it, in the orderly way.
        var isClosing = false
        var stderr: StderrRing
        /// What waits in the outbox is about to be handed over.
        var isWriting = false
        var isWatching = false
        /// Why it is over, when it is not the end of the process.
        var reason: String?
        var closed = false
        /// How the process ended, unless it was ended because the conversation was over.
        var exit: ProcessExit?
    }

    /// How long after the process has ended the rest of its output is waited for, and the other way round.
    private static let drainTime = TimeAmount.milliseconds(40)

    package let child: ChildProcess
    let loop: any EventLoop
    // Not unowned: the end of a process may be told after the conversation has gone, and nobody is left to hear it.
    weak let receiver: (any MessageLinkReceiver)?
    let limits: StdioLimits
    private let ladder: StopLadder
    let budget: MemoryBudget
    private let logger: Logger
    let state: Mutex<State>

    /// Takes over a child's pipes.
    ///
    /// - Parameter receiver: hears what happens for as long as it lives; not retained.
    package static func open(
        _ child: ChildProcess, limits: StdioLimits, loop: any EventLoop, receiver: any MessageLinkReceiver,
        ladder: StopLadder = StopLadder(), budget: MemoryBudget = MemoryBudget(), logger: Logger
    ) async throws -> StdioLink {
        let link = StdioLink(
            child: child, limits: limits, loop: loop, receiver: receiver, ladder: ladder, budget: budget, logger: logger
        )
        guard let stdio = child.takeStdio() else { throw StdioTaken() }
        StdioLink.widen(stdio.stdin)
        StdioLink.widen(stdio.stdout)
        do {
            try await link.takeOver(stdio)
        } catch {
            child.killGroup()
            throw error
        }
        child.onExit { exit in
            link.state.withLock { if !$0.closed { $0.exit = exit } }
            // Its last words may still be in the pipes; a grandchild may hold the pipes open for ever.
            link.loop.execute { link.settle() }
        }
        return link
    }

    private init(
        child: ChildProcess, limits: StdioLimits, loop: any EventLoop, receiver: any MessageLinkReceiver,
        ladder: StopLadder, budget: MemoryBudget, logger: Logger
    ) {
        self.child = child
        self.limits = limits
        self.loop = loop
        self.receiver = receiver
        self.ladder = ladder
        self.budget = budget
        self.logger = logger
        state = Mutex(State(outbox: StdioOutbox(budget: budget), stderr: StderrRing(limits: limits.stderr)))
    }

    /// Each pipe is a channel of its own, because only then is the end of each of them told at once.
    private func takeOver(_ stdio: ChildStdio) async throws {
        let framer = LineFramer(limit: limits.lineBytes, skipLimit: limits.skipBytes)
        var descriptors = [stdio.stdout, stdio.stdin, stdio.stderr]
        defer { descriptors.forEach(closeDescriptor) }
        let output = try await NIOPipeBootstrap(group: loop)
            // One read a turn: a server that floods takes turns with all others of its loop.
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(
                .recvAllocator,
                // What fits in here is read in one turn, and may be a thousand messages.
                value: AdaptiveRecvByteBufferAllocator(minimum: 4096, initial: 16384, maximum: 64 * 1024)
            )
            .channelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(StdioOutputHandler(link: self, framer: framer))
                }
            }
            .takingOwnershipOfDescriptor(input: descriptors.removeFirst()).get()
        state.withLock { $0.output = output }
        let input = try await NIOPipeBootstrap(group: loop)
            .channelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(StdioInputHandler(link: self))
                }
            }
            .takingOwnershipOfDescriptor(output: descriptors.removeFirst()).get()
        state.withLock { $0.input = input }
        let errors = try await NIOPipeBootstrap(group: loop)
            .channelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(StdioErrorsHandler(link: self))
                }
            }
            .takingOwnershipOfDescriptor(input: descriptors.removeFirst()).get()
        state.withLock { $0.errors = errors }
    }

    /// How the process ended by itself; nil while it runs, and when it was ended because it could not be talked to any more.
    var ownExit: ProcessExit? { state.withLock { $0.exit } }

    /// The last lines of the child's stderr.
    package func stderrTail(_ count: Int) -> [String] { state.withLock { $0.stderr.tail(count) } }

    package func established(_ version: ProtocolVersion) {}

    package func close() async {
        let input = state.withLock { state in
            state.isClosing = true
            return state.input
        }
        let report = await child.stop(ladder) { try? await input?.close().get() }
        if !report.survivors.isEmpty {
            logger.error("processes outlived SIGKILL: \(report.survivors)")
        }
        if !report.escaped.isEmpty {
            let pids = report.escaped.map { "\($0)" }.joined(separator: " ")
            logger.warning(
                "processes of this server have left its session and live on; if they are not wanted: kill \(pids)")
        }
        loop.execute { self.finish() }
    }

    // MARK: What the handlers report, on the loop

    func received(_ line: ByteBuffer) { receiver?.linkReceived(line, exchange: nil) }

    func skipped(_ lines: Int) { receiver?.linkSkipped(lines) }

    func stderr(_ bytes: ByteBuffer) {
        log(bytes.withUnsafeReadableBytes { chunk in state.withLock { $0.stderr.feed(chunk, now: .now) } })
    }

    private func log(_ lines: [String]) {
        for line in lines { logger.debug("stderr", metadata: ["line": "\(line)"]) }
    }

    func ended(_ pipe: Pipe) {
        let lines = state.withLock { state -> [String] in
            switch pipe {
            case .input:
                state.input = nil
                if !state.isClosing { state.reason = state.reason ?? "it closed its input" }
            case .output:
                state.output = nil
                state.outputEnded = true
                if !state.isClosing { state.reason = state.reason ?? "it closed its output" }
            case .errors:
                state.errors = nil
                state.errorsEnded = true
                return state.stderr.end(now: .now)
            }
            return []
        }
        log(lines)
        settle()
    }

    /// It cannot be talked to any more, whatever its process is doing.
    func broken(_ reason: String) {
        let isNews = state.withLock { state in
            defer { state.reason = state.reason ?? reason }
            return state.reason == nil && !state.closed
        }
        guard isNews else { return }
        logger.warning("\(reason); its processes are ended")
        finish()
    }

    /// Finishes when all there is to hear has been heard, or a little later if something is still to come.
    private func settle() {
        let (isOver, isComplete) = state.withLock { state in
            let isOver = !state.closed && (state.exit != nil || state.reason != nil)
            return (isOver, isOver && state.exit != nil && state.outputEnded && state.errorsEnded)
        }
        if isComplete { return finish() }
        if isOver { loop.scheduleTask(in: StdioLink.drainTime) { self.finish() } }
    }

    private func finish() {
        let unwritten = self.unwritten
        let left = state.withLock { $0.exit == nil || $0.closed } ? 0 : child.groupMembers.count
        let end = state.withLock { state -> End? in
            guard !state.closed else { return nil }
            state.closed = true
            let channels = [state.input, state.output, state.errors].compactMap { $0 }
            (state.input, state.output, state.errors) = (nil, nil, nil)
            return End(
                channels: channels, unsent: state.outbox.close(unwritten: unwritten), exit: state.exit,
                reason: state.reason)
        }
        guard let end else { return }
        let how =
            switch (end.exit, left) {
            case (let exit?, 0): exit.description
            case (let exit?, let left): "\(exit) and left \(left == 1 ? "a process" : "\(left) processes") behind"
            case (nil, _): end.reason ?? "the gateway closed the connection"
            }
        // At once: what is sent in between is taken for sent, although it is not.
        receiver?.linkClosed(how, unsent: end.unsent)
        for channel in end.channels { channel.close(promise: nil) }
        // Whatever is left of its group must not outlive the conversation.
        child.killGroup()
    }

    /// Large messages pass in fewer turns through a larger pipe.
    private static func widen(_ descriptor: Int32) {
        #if os(Linux)
            // F_SETPIPE_SZ, which the headers show to GNU sources only.
            _ = fcntl(descriptor, 1031, 256 * 1024 as Int32)
        #endif
    }

    private struct End {
        let channels: [any Channel]
        let unsent: [UInt64]
        let exit: ProcessExit?
        let reason: String?
    }

    private struct StdioTaken: Error {}
}

private func closeDescriptor(_ descriptor: Int32) { close(descriptor) }
