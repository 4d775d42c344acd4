import GateCore
import Logging
import NIOCore
import NIOHPACK
import NIOHTTP1
import NIOHTTP2

/// One request of an HTTP/2 connection and its response.
///
/// All state is confined to the event loop.
final class HTTP2Stream: ChannelInboundHandler, HTTPCarrier, @unchecked Sendable {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    /// Legal transitions: head -> (body ->) responding -> finished; any -> closed.
    enum Phase {
        case head
        case body(HTTPHead)
        case responding(HTTPExchange, HTTPBodyStream?)
        /// The response is out; what still arrives is thrown away.
        case finished
        case closed
    }

    let connection: HTTP2Connection
    var shared: HTTPLoopContext { connection.shared }
    var context: ChannelHandlerContext?
    var phase = Phase.head
    /// When the phase was entered, for the timers.
    private var phaseStart: NIODeadline
    private var body = ByteBuffer()
    private var bodyCharge: MemoryCharge
    /// What waits for the client to take it.
    private var unsent = 0
    private var unsentCharge: MemoryCharge
    private var stalledSince: NIODeadline?
    private var isInputEnded = false

    init(_ connection: HTTP2Connection) {
        self.connection = connection
        phaseStart = connection.shared.stamp
        bodyCharge = MemoryCharge(connection.shared.budget)
        unsentCharge = MemoryCharge(connection.shared.budget)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        connection.add(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .headers(let headers): receive(headers.headers, isLast: headers.endStream)
        case .data(let data):
            guard case .byteBuffer(let bytes) = data.data else { return }
            receive(bytes, isLast: data.endStream)
        default: break
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stalledSince = nil
        guard context.channel.isWritable, case .responding(let exchange, .some(let stream)) = phase else { return }
        drain(stream, of: exchange)
    }

    func channelInactive(context: ChannelHandlerContext) { close(.clientGone) }
    func handlerRemoved(context: ChannelHandlerContext) { close(.clientGone) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        shared.logger.debug("stream failed", metadata: ["error": "\(error)"])
        context.close(promise: nil)
    }

    func connectionClosed() { close(.clientGone) }

    private func close(_ reason: HTTPCloseReason) {
        if case .closed = phase { return }
        let answered = answering
        phase = .closed
        context = nil
        body = ByteBuffer()
        bodyCharge.set(0)
        unsentCharge.set(0)
        connection.remove(self)
        answered?.stream?.end()
        answered?.exchange.closed(reason)
    }

    func abort(_ reason: HTTPCloseReason) {
        let context = context
        close(reason)
        context?.close(promise: nil)
    }

    var answering: (exchange: HTTPExchange, stream: HTTPBodyStream?)? {
        if case .responding(let exchange, let stream) = phase { (exchange, stream) } else { nil }
    }

    func enter(_ phase: Phase) {
        self.phase = phase
        phaseStart = shared.stamp
    }

    // MARK: The request

    private func receive(_ fields: HPACKHeaders, isLast: Bool) {
        isInputEnded = isInputEnded || isLast
        switch phase {
        case .head: break
        case .body(let head):
            // Trailers: they end the body and say nothing here.
            if isLast { dispatch(head) }
            return
        case .responding, .finished, .closed: return
        }
        let head: HTTPHead
        do throws(HTTPRefusal) {
            head = try HTTP2Head.parse(fields, limits: shared.limits)
        } catch {
            return refuse(error)
        }
        if let rejection = shared.responder.admit(head, peer: connection.peer) {
            write(rejection.status, rejection.headers, [rejection.body], isHead: head.method == .HEAD)
            return finish()
        }
        guard !isLast else { return dispatch(head) }
        enter(.body(head))
        if head.expectsContinue {
            context?.writeAndFlush(wrapOutboundOut(.headers(.init(headers: [":status": "100"]))), promise: nil)
        }
    }

    private func receive(_ bytes: ByteBuffer, isLast: Bool) {
        isInputEnded = isInputEnded || isLast
        guard case .body(let head) = phase else { return }
        guard bytes.readableBytes <= shared.limits.maxBodyBytes - body.readableBytes else {
            return refuse(HTTPRefusal(.payloadTooLarge, "the request body is too large"))
        }
        if body.readableBytes == 0 { body = bytes } else { body.writeImmutableBuffer(bytes) }
        bodyCharge.set(body.readableBytes)
        guard shared.budget.admits(.body) else {
            return refuse(HTTPRefusal(.serviceUnavailable, "too many request bodies at once; try again later"))
        }
        if isLast { dispatch(head) }
    }

    private func dispatch(_ head: HTTPHead) {
        let exchange = HTTPExchange(carrier: self, head: head, keepAlive: true)
        enter(.responding(exchange, nil))
        if shared.isStopping { exchange.shuttingDown() }
        let request = HTTPRequest(head: head, body: body, peer: connection.peer, executor: shared.executor)
        body = ByteBuffer()
        bodyCharge.set(0)
        shared.handle(request, exchange)
    }

    private func refuse(_ refusal: HTTPRefusal) {
        body = ByteBuffer()
        bodyCharge.set(0)
        writeError(refusal.status, "\(refusal.reason)")
        finish()
    }

    // MARK: The response

    func respond(
        _ exchange: HTTPExchange, status: HTTPResponseStatus, headers: HTTPHeaders, body: [ByteBuffer], closes: Bool
    ) {
        guard isAnswering(exchange, with: nil) else { return }
        if status.code < 200 || !write(status, headers, body, isHead: exchange.isHead) {
            shared.logger.error(
                "a response was replaced: its status is below 200 or a header field has bytes that are not allowed",
                metadata: ["status": "\(status.code)"])
            writeError(.internalServerError, "the response could not be sent")
        }
        exchange.finished()
        finish()
    }

    func startStream(
        _ stream: HTTPBodyStream, for exchange: HTTPExchange, status: HTTPResponseStatus, headers: HTTPHeaders
    ) {
        guard isAnswering(exchange, with: nil) else { return stream.end() }
        guard status.code >= 200, let head = HTTP2ResponseHead.fields(status, headers, length: nil, date: shared.date)
        else {
            stream.end()
            shared.logger.error("a stream was not started: a header field has bytes that are not allowed")
            writeError(.internalServerError, "the response could not be sent")
            exchange.finished()
            return finish()
        }
        let hasBody = !exchange.isHead && HTTP2ResponseHead.mayHaveBody(status)
        send(.headers(.init(headers: head, endStream: !hasBody)))
        context?.flush()
        guard hasBody else {
            stream.end()
            exchange.finished()
            return finish()
        }
        enter(.responding(exchange, stream))
        shared.eventLoop.execute { self.drain(stream, of: exchange) }
    }

    func drain(_ stream: HTTPBodyStream, of exchange: HTTPExchange) {
        guard isAnswering(exchange, with: stream) else { return }
        while let channel = context?.channel, channel.isWritable {
            switch stream.next() {
            case .message(let message): send(message, isLast: false)
            case .empty, .ended:
                context?.flush()
                return
            case .last:
                send(ByteBuffer(), isLast: true)
                context?.flush()
                exchange.finished()
                return finish()
            }
        }
        // When there is room again, the writability event comes back here.
        context?.flush()
    }

    private func writeError(_ status: HTTPResponseStatus, _ reason: String) {
        let response = shared.responder.errorResponse(status, reason: reason)
        if !write(status, response.headers, [response.body], isHead: false) { write(status, [:], [], isHead: false) }
    }

    /// - Returns: false when nothing was written because a header field is not allowed.
    @discardableResult
    private func write(
        _ status: HTTPResponseStatus, _ headers: HTTPHeaders, _ body: [ByteBuffer], isHead: Bool
    ) -> Bool {
        let length = body.reduce(0) { $0 + $1.readableBytes }
        let mayHaveBody = HTTP2ResponseHead.mayHaveBody(status)
        guard
            let fields = HTTP2ResponseHead.fields(
                status, headers, length: mayHaveBody ? length : nil, date: shared.date)
        else { return false }
        let parts = isHead || !mayHaveBody ? [] : body.filter { $0.readableBytes > 0 }
        send(.headers(.init(headers: fields, endStream: parts.isEmpty)))
        for (index, part) in parts.enumerated() { send(part, isLast: index == parts.count - 1) }
        context?.flush()
        return true
    }

    private func send(_ bytes: ByteBuffer, isLast: Bool) {
        send(.data(.init(data: .byteBuffer(bytes), endStream: isLast)), counting: bytes.readableBytes)
    }

    private func send(_ payload: HTTP2Frame.FramePayload, counting bytes: Int = 0) {
        guard let context else { return }
        guard bytes > 0 else { return context.write(wrapOutboundOut(payload), promise: nil) }
        unsent += bytes
        unsentCharge.set(unsent)
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.whenComplete { [self] _ in
            unsent -= bytes
            stalledSince = nil
            if case .closed = phase { return }
            unsentCharge.set(unsent)
        }
        context.write(wrapOutboundOut(payload), promise: promise)
    }

    /// The response is out. When the request has not ended, its rest is thrown away for a while, so that the client reads the answer
    /// before the stream is reset.
    private func finish() {
        if case .closed = phase { return }
        enter(.finished)
        connection.responded()
    }

    // MARK: Timers

    func checkTimers(now: NIODeadline) {
        if unsent > 0 {
            guard let since = stalledSince else {
                stalledSince = now
                return
            }
            if now - since >= shared.times.writeStall { return abort(.writeStalled) }
        }
        let waited = now - phaseStart
        switch phase {
        case .head:
            if waited >= shared.times.head { abort(.clientGone) }
        case .body:
            if isBodyLate(waited) { refuse(HTTPRefusal(.requestTimeout, "the request body came too slowly")) }
        case .finished:
            if unsent == 0, !isInputEnded, waited >= shared.times.linger { abort(.clientGone) }
        case .responding, .closed: break
        }
    }

    private func isBodyLate(_ waited: TimeAmount) -> Bool {
        shared.times.isBodyLate(waited, received: body.readableBytes, minRate: shared.limits.minBodyRate)
    }

    func stopGracefully() {
        if case .responding(let exchange, _) = phase { exchange.shuttingDown() }
    }
}
