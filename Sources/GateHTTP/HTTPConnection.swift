import GateCore
import GateTLS
import Logging
import NIOCore
import NIOHTTP1

/// One client connection: reads requests one after the other, hands each to the responder and writes the responses in order.
///
/// It is the last handler in its pipeline, with TLS or nothing before it, and works on plain bytes. All state is confined to the event loop, which is why it may
/// be shared: exchanges and streams reach it from other threads through `eventLoop.execute` only.
final class HTTPConnection: ChannelInboundHandler, RemovableChannelHandler, HTTPCarrier, HTTPServedConnection,
    @unchecked Sendable
{
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Legal transitions: idle -> head -> (body ->) responding -> idle or lingering; head, body -> lingering (refused);
    /// any -> closed.
    enum Phase {
        case idle
        case head
        case body(HTTPHead)
        case responding(HTTPExchange, HTTPBodyStream?)
        /// The last response is out; what still arrives is thrown away, so that the client can read it before the reset.
        case lingering
        case closed
    }

    let shared: HTTPLoopContext
    private let address: String
    private var peer: HTTPPeer
    var context: ChannelHandlerContext?
    var phase = Phase.idle
    /// When the phase was entered, for the timers.
    var phaseStart: NIODeadline
    /// Bytes received and not yet used.
    private var pending = ByteBuffer()
    private var scanner: HTTPHeadScanner
    var bodyReader: HTTPBodyReader?
    /// What `bodyReader` holds of the memory budget.
    var bodyCharge: MemoryCharge
    /// What waits for the client to take it, as far as it is known: see ``settleUnsent()``.
    var unsentCharge: MemoryCharge
    private var isProcessing = false
    private var isReadPaused = false
    var isInputClosed = false
    /// Bytes ever handed to the channel, and what of them the kernel had taken at the last sweep.
    var submittedBytes = 0
    var sentBytes = 0
    var stalledSince: NIODeadline?

    init(shared: HTTPLoopContext, address: String, peer: SocketAddress?) {
        self.shared = shared
        self.address = address
        self.peer = HTTPPeer(address: peer)
        self.phaseStart = shared.stamp
        self.scanner = HTTPHeadScanner(limits: shared.limits)
        bodyCharge = MemoryCharge(shared.budget)
        unsentCharge = MemoryCharge(shared.budget)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        shared.add(self)
    }

    func channelActive(context: ChannelHandlerContext) {
        phaseStart = shared.stamp
        if shared.isStopping { context.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var incoming = unwrapInboundIn(data)
        switch phase {
        case .lingering, .closed: return
        case .idle, .head, .body, .responding: break
        }
        if pending.readableBytes == 0 {
            pending = incoming
        } else {
            pending.discardReadBytes()
            pending.writeBuffer(&incoming)
        }
        process()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let established = event as? TLSEstablished {
            peer = HTTPPeer(address: peer.address, certificate: established.certificate)
            if established.isHTTP2 { handOver(context) }
            return
        }
        guard case .some(.inputClosed) = event as? ChannelEvent else { return }
        isInputClosed = true
        if case .responding = phase { return }
        context.close(promise: nil)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        settleUnsent()
        guard context.channel.isWritable else { return }
        if case .responding(let exchange, .some(let stream)) = phase { drain(stream, of: exchange) }
        process()
    }

    func channelInactive(context: ChannelHandlerContext) {
        close(.clientGone)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        close(.clientGone)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        shared.logger.debug("connection failed", metadata: ["error": "\(error)"])
        context.close(promise: nil)
    }

    /// The client speaks HTTP/2: another handler takes the place of this one, before anything of a request has come.
    private func handOver(_ context: ChannelHandlerContext) {
        guard case .idle = phase else { return }
        phase = .closed
        self.context = nil
        shared.remove(self)
        let successor = HTTP2Connection(shared: shared, address: address, peer: peer)
        do {
            let pipeline = context.pipeline.syncOperations
            try pipeline.addHandlers(
                [successor.makeProtocolHandler(), successor], position: .after(self))
            pipeline.removeHandler(context: context, promise: nil)
        } catch {
            shared.limiter.release(address: address)
            context.close(promise: nil)
        }
    }

    private func close(_ reason: HTTPCloseReason) {
        if case .closed = phase { return }
        let answered = answering
        phase = .closed
        context = nil
        pending = ByteBuffer()
        bodyReader = nil
        bodyCharge.set(0)
        unsentCharge.set(0)
        shared.limiter.release(address: address)
        shared.remove(self)
        answered?.stream?.end()
        answered?.exchange.closed(reason)
    }

    /// Cuts the connection.
    func abort(_ reason: HTTPCloseReason) {
        let context = context
        close(reason)
        context?.close(promise: nil)
    }

    // MARK: Requests

    var answering: (exchange: HTTPExchange, stream: HTTPBodyStream?)? {
        if case .responding(let exchange, let stream) = phase { (exchange, stream) } else { nil }
    }

    func enter(_ phase: Phase) {
        self.phase = phase
        phaseStart = shared.stamp
    }

    /// Works through the received bytes as far as they go.
    func process() {
        // A handler that answers at once comes back here through `responseFinished`; the outer call then goes on.
        guard !isProcessing else { return }
        isProcessing = true
        defer { isProcessing = false }
        do {
            while try step() {}
        } catch {
            pending = ByteBuffer()
            refuse(error)
        }
        if pending.readableBytes == 0 { pending = ByteBuffer() }
        pauseReading(pending.readableBytes > shared.limits.maxReadAheadBytes)
    }

    /// - Returns: whether another step may be possible.
    private func step() throws(HTTPRefusal) -> Bool {
        switch phase {
        case .idle:
            // A client that does not take its responses gets no further ones.
            guard pending.readableBytes > 0, context?.channel.isWritable == true else { return false }
            enter(.head)
            return true
        case .head:
            let length = try scanHead()
            guard let length, let bytes = pending.readBytes(length: length) else { return false }
            scanner = HTTPHeadScanner(limits: shared.limits)
            try receive(HTTPHeadParser.parse(bytes))
            return true
        case .body(let head):
            return try readBody(of: head)
        case .responding, .lingering, .closed:
            return false
        }
    }

    private func scanHead() throws(HTTPRefusal) -> Int? {
        let result = pending.withUnsafeReadableBytes { bytes in
            Result<Int?, HTTPRefusal> { () throws(HTTPRefusal) in try scanner.scan(bytes) }
        }
        return try result.get()
    }

    private func receive(_ head: HTTPHead) throws(HTTPRefusal) {
        if let rejection = shared.responder.admit(head, peer: peer) {
            reject(head, with: rejection)
            return
        }
        if head.body == .none {
            dispatch(head, body: ByteBuffer())
            return
        }
        var reader = try HTTPBodyReader(framing: head.body, maxBytes: shared.limits.maxBodyBytes)
        // Small bodies come in the same packet as their head.
        if pending.readableBytes > 0, let body = try reader.read(&pending) {
            dispatch(head, body: body)
            return
        }
        bodyReader = reader
        enter(.body(head))
        if head.expectsContinue, head.isHTTP11, reader.received == 0 { sendContinue() }
    }

    private func readBody(of head: HTTPHead) throws(HTTPRefusal) -> Bool {
        guard let body = try bodyReader?.read(&pending) else {
            bodyCharge.set(bodyReader?.received ?? 0)
            guard shared.budget.admits(.body) else {
                throw HTTPRefusal(.serviceUnavailable, "too many request bodies at once; try again later")
            }
            return false
        }
        bodyReader = nil
        bodyCharge.set(0)
        dispatch(head, body: body)
        return true
    }

    private func dispatch(_ head: HTTPHead, body: ByteBuffer) {
        let exchange = HTTPExchange(carrier: self, head: head, keepAlive: head.keepAlive)
        enter(.responding(exchange, nil))
        if shared.isStopping { exchange.shuttingDown() }
        let request = HTTPRequest(head: head, body: body, peer: peer, executor: shared.executor)
        shared.handle(request, exchange)
    }

    private func pauseReading(_ pause: Bool) {
        guard pause != isReadPaused, let context else { return }
        isReadPaused = pause
        try? context.channel.syncOptions?.setOption(.autoRead, value: !pause)
    }
}
