import GateCore
import Logging
import NIOCore
import NIOHTTP1

extension HTTPConnection {
    /// Bodies up to this size are copied behind the head: cheaper than a second buffer in the system call.
    private static let copiedBytes = 4096

    /// Sends the response to `exchange`, which has made sure that it is the only one.
    func respond(
        _ exchange: HTTPExchange, status: HTTPResponseStatus, headers: HTTPHeaders, body: [ByteBuffer], closes: Bool
    ) {
        guard isAnswering(exchange, with: nil) else { return }
        let closes = closes || mustClose(exchange)
        if status.code < 200
            || !write(
                status: status, headers: headers, body: body, isHead: exchange.isHead,
                connection: connectionField(exchange, closes: closes), closes: closes)
        {
            shared.logger.error(
                "a response was replaced: its status is below 200 or a header field has bytes that are not allowed",
                metadata: ["status": "\(status.code)"])
            writeError(
                .internalServerError, reason: "the response could not be sent", isHead: exchange.isHead, closes: true)
            responseFinished(exchange, closes: true)
            return
        }
        responseFinished(exchange, closes: closes)
    }

    /// Starts a chunked response.
    func startStream(
        _ stream: HTTPBodyStream, for exchange: HTTPExchange, status: HTTPResponseStatus, headers: HTTPHeaders
    ) {
        guard isAnswering(exchange, with: nil) else {
            stream.end()
            return
        }
        let hasBody = !exchange.isHead && status.mayHaveBody
        let framing: ResponseHeadEncoder.Framing =
            !hasBody && !status.mayHaveBody ? .none : exchange.isHTTP11 ? .chunked : .close
        let closes = mustClose(exchange) || !exchange.isHTTP11
        var head = takeScratch()
        guard status.code >= 200,
            ResponseHeadEncoder.write(
                status: status, headers: headers, framing: framing, connection: closes ? "close" : nil,
                date: shared.date,
                into: &head)
        else {
            shared.scratch = head
            stream.end()
            shared.logger.error("a stream was not started: a header field has bytes that are not allowed")
            writeError(
                .internalServerError, reason: "the response could not be sent", isHead: exchange.isHead, closes: true)
            responseFinished(exchange, closes: true)
            return
        }
        submit(head)
        guard hasBody else {
            stream.end()
            context?.flush()
            responseFinished(exchange, closes: closes)
            return
        }
        enter(.responding(exchange, stream))
        // The head leaves at the end of this turn, together with what is written by then.
        shared.eventLoop.execute { self.drain(stream, of: exchange) }
    }

    /// Moves what waits in the stream to the socket, as much as it takes.
    func drain(_ stream: HTTPBodyStream, of exchange: HTTPExchange) {
        guard isAnswering(exchange, with: stream) else { return }
        var out = ByteBuffer()
        defer {
            context?.flush()
            settleUnsent()
        }
        while context?.channel.isWritable == true, out.readableBytes < 32 * 1024 {
            switch stream.next() {
            case .message(let message): append(message, to: &out, isChunked: exchange.isHTTP11)
            case .empty, .ended:
                submit(out)
                return
            case .last:
                if exchange.isHTTP11 { out.writeStaticString("0\r\n\r\n") }
                submit(out)
                context?.flush()
                responseFinished(exchange, closes: mustClose(exchange) || !exchange.isHTTP11)
                return
            }
        }
        submit(out)
        context?.flush()
        // When the socket is full, the writability event comes back here.
        if context?.channel.isWritable == true { shared.eventLoop.execute { self.drain(stream, of: exchange) } }
    }

    private func append(_ message: ByteBuffer, to out: inout ByteBuffer, isChunked: Bool) {
        var message = message
        if isChunked {
            out.writeString(String(message.readableBytes, radix: 16))
            out.writeStaticString("\r\n")
        }
        if message.readableBytes <= Self.copiedBytes {
            out.writeBuffer(&message)
        } else {
            submit(out)
            submit(message)
            out = ByteBuffer()
        }
        if isChunked { out.writeStaticString("\r\n") }
    }

    // MARK: Answers of the server itself

    func reject(_ head: HTTPHead, with rejection: HTTPRejection) {
        let closes =
            rejection.closesConnection || head.body != .none || !head.keepAlive || shared.isDraining || isInputClosed
        let field: StaticString? = closes ? "close" : head.isHTTP11 ? nil : "keep-alive"
        if !write(
            status: rejection.status, headers: rejection.headers, body: [rejection.body], isHead: head.method == .HEAD,
            connection: field, closes: closes)
        {
            writeError(
                .internalServerError, reason: "the response could not be sent", isHead: head.method == .HEAD,
                closes: true)
            finishWriting(closes: true)
            return
        }
        finishWriting(closes: closes)
    }

    func refuse(_ refusal: HTTPRefusal) {
        bodyReader = nil
        bodyCharge.set(0)
        writeError(refusal.status, reason: "\(refusal.reason)", isHead: false, closes: true)
        finishWriting(closes: true)
    }

    func sendContinue() {
        var buffer = takeScratch()
        buffer.writeStaticString(ResponseHeadEncoder.continueResponse)
        submit(buffer)
        context?.flush()
        shared.scratch = buffer
    }

    private func writeError(_ status: HTTPResponseStatus, reason: String, isHead: Bool, closes: Bool) {
        let response = shared.responder.errorResponse(status, reason: reason)
        if write(
            status: status, headers: response.headers, body: [response.body], isHead: isHead,
            connection: closes ? "close" : nil, closes: closes)
        {
            return
        }
        _ = write(
            status: status, headers: [:], body: [], isHead: isHead, connection: closes ? "close" : nil, closes: closes)
    }

    // MARK: Writing

    private func mustClose(_ exchange: HTTPExchange) -> Bool {
        !exchange.keepAlive || shared.isDraining || isInputClosed
    }

    private func connectionField(_ exchange: HTTPExchange, closes: Bool) -> StaticString? {
        closes ? "close" : exchange.isHTTP11 ? nil : "keep-alive"
    }

    private func takeScratch() -> ByteBuffer {
        var buffer = ByteBuffer()
        swap(&buffer, &shared.scratch)
        buffer.clear(minimumCapacity: 1024)
        return buffer
    }

    /// - Returns: false when nothing was written because a header field is not allowed.
    private func write(
        status: HTTPResponseStatus, headers: HTTPHeaders, body: [ByteBuffer], isHead: Bool, connection: StaticString?,
        closes: Bool
    ) -> Bool {
        let length = body.reduce(0) { $0 + $1.readableBytes }
        var head = takeScratch()
        guard
            ResponseHeadEncoder.write(
                status: status, headers: headers, framing: status.mayHaveBody ? .length(length) : .none,
                connection: connection,
                date: shared.date, into: &head)
        else {
            shared.scratch = head
            return false
        }
        if isHead || !status.mayHaveBody || length == 0 {
            submit(head)
        } else if length <= Self.copiedBytes {
            for part in body { head.writeImmutableBuffer(part) }
            submit(head)
        } else {
            submit(head)
            for part in body where part.readableBytes > 0 { submit(part) }
        }
        context?.flush()
        if length > Self.copiedBytes { settleUnsent() }
        shared.scratch = head
        return true
    }

    /// Counts what the socket has not taken. Small replies are counted when they pile up: by then the channel is not writable, or
    /// the sweep comes by.
    func settleUnsent() {
        guard let context else { return unsentCharge.set(0) }
        unsentCharge.set((try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0)
    }

    private func submit(_ buffer: ByteBuffer) {
        guard buffer.readableBytes > 0, let context else { return }
        submittedBytes += buffer.readableBytes
        context.write(wrapOutboundOut(buffer), promise: nil)
    }

    private func responseFinished(_ exchange: HTTPExchange, closes: Bool) {
        exchange.finished()
        finishWriting(closes: closes)
    }

    private func finishWriting(closes: Bool) {
        guard let context else { return }
        guard closes else {
            enter(.idle)
            process()
            return
        }
        enter(.lingering)
        // An empty write completes when everything before it is with the kernel.
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in
            self.context?.close(mode: self.isInputClosed ? .all : .output, promise: nil)
        }
    }
}

extension HTTPResponseStatus {
    fileprivate var mayHaveBody: Bool { self != .noContent && self != .notModified }
}
