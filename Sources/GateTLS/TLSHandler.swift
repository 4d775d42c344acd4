package import NIOCore

/// The TLS of a server's connection, in front of what speaks HTTP on it.
///
/// Its first byte tells what a client speaks: TLS begins with a handshake record, HTTP with a letter. Plain HTTP goes on as it is where
/// that is allowed, which is for clients on this machine, and is answered in words elsewhere.
///
/// All state is confined to the event loop.
package final class TLSHandler: ChannelDuplexHandler, @unchecked Sendable {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private enum Phase {
        case first
        case handshake(TLSSession)
        case open(TLSSession)
        case plain
        /// What still comes is thrown away.
        case ended
    }

    /// The content type of a handshake record (RFC 8446, 5.1).
    private static let handshakeRecord: UInt8 = 22
    /// Bytes that OpenSSL's memory holds at once: what fits into a record.
    private static let step = 16 * 1024

    private let source: TLSSource
    private let timeout: TimeAmount
    private let allowsPlain: Bool
    private let plainRefusal: () -> ByteBuffer
    private var phase = Phase.first
    private var deadline: Scheduled<Void>?

    /// - Parameters:
    ///   - timeout: how long the handshake may take, from the connection on.
    ///   - allowsPlain: whether this client may speak plain HTTP.
    ///   - plainRefusal: the response to one that may not.
    package init(
        _ source: TLSSource, timeout: TimeAmount, allowsPlain: Bool, plainRefusal: @escaping () -> ByteBuffer
    ) {
        self.source = source
        self.timeout = timeout
        self.allowsPlain = allowsPlain
        self.plainRefusal = plainRefusal
    }

    // MARK: Inbound

    package func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: timeout) { [weak self] in
            self?.phase = .ended
            channel.close(promise: nil)
        }
        context.fireChannelActive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var arrived = unwrapInboundIn(data)
        if case .first = phase { begin(context, arrived) }
        switch phase {
        case .plain: context.fireChannelRead(data)
        case .handshake(let session), .open(let session): take(context, session, &arrived)
        case .first, .ended: break
        }
    }

    private func begin(_ context: ChannelHandlerContext, _ arrived: ByteBuffer) {
        guard let first = arrived.getInteger(at: arrived.readerIndex, as: UInt8.self) else { return }
        if first == TLSHandler.handshakeRecord {
            guard let session = TLSSession(source.current) else { return fail(context, "out of memory") }
            phase = .handshake(session)
        } else if allowsPlain {
            endHandshake()
            phase = .plain
        } else {
            phase = .ended
            endHandshake()
            let channel = context.channel
            context.writeAndFlush(wrapOutboundOut(plainRefusal())).whenComplete { _ in channel.close(promise: nil) }
        }
    }

    private func take(_ context: ChannelHandlerContext, _ session: TLSSession, _ arrived: inout ByteBuffer) {
        var plain = ByteBuffer()
        var isClosed = false
        do throws(TLSSession.Failure) {
            while !isClosed, arrived.readableBytes > 0 {
                let count = min(arrived.readableBytes, TLSHandler.step)
                let result = arrived.readWithUnsafeReadableBytes { bytes in
                    (
                        count,
                        Result { () throws(TLSSession.Failure) in
                            try session.receive(UnsafeRawBufferPointer(rebasing: bytes.prefix(count)))
                        }
                    )
                }
                try result.get()
                isClosed = try advance(context, session, into: &plain)
            }
        } catch {
            send(context, session)
            return fail(context, error.description)
        }
        send(context, session)
        if plain.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(plain)) }
        guard isClosed else { return }
        let isHalfClosed = (try? context.channel.syncOptions?.getOption(.allowRemoteHalfClosure)) ?? false
        if isHalfClosed {
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        } else {
            context.close(promise: nil)
        }
    }

    /// Works through what has been received.
    ///
    /// - Returns: whether the client has ended its side.
    private func advance(
        _ context: ChannelHandlerContext, _ session: TLSSession, into plain: inout ByteBuffer
    ) throws(TLSSession.Failure) -> Bool {
        if case .handshake = phase {
            guard try session.shakeHands() else { return false }
            endHandshake()
            phase = .open(session)
            context.fireUserInboundEventTriggered(
                TLSEstablished(certificate: session.peerCertificate, isHTTP2: session.isHTTP2))
        }
        while true {
            var result: Result<TLSSession.Read, TLSSession.Failure> = .success(.starved)
            _ = plain.writeWithUnsafeMutableBytes(minimumWritableBytes: TLSHandler.step) { bytes in
                result = Result { () throws(TLSSession.Failure) in try session.read(into: bytes) }
                if case .success(.bytes(let count)) = result { return count }
                return 0
            }
            switch try result.get() {
            case .bytes: continue
            case .starved: return false
            case .closed: return true
            }
        }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        endHandshake()
        context.fireChannelInactive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) { endHandshake() }

    // MARK: Outbound

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch phase {
        case .plain: context.write(data, promise: promise)
        case .open(let session): encrypt(context, session, unwrapOutboundIn(data), promise)
        case .first, .handshake, .ended: promise?.fail(ChannelError.ioOnClosedChannel)
        }
    }

    private func encrypt(
        _ context: ChannelHandlerContext, _ session: TLSSession, _ message: ByteBuffer,
        _ promise: EventLoopPromise<Void>?
    ) {
        var message = message
        var out = context.channel.allocator.buffer(capacity: message.readableBytes + 64)
        while message.readableBytes > 0 {
            let result = message.readWithUnsafeReadableBytes { bytes in
                let taken = Result { () throws(TLSSession.Failure) in
                    try session.write(UnsafeRawBufferPointer(rebasing: bytes.prefix(TLSHandler.step)))
                }
                return ((try? taken.get()) ?? 0, taken)
            }
            if case .failure(let error) = result {
                promise?.fail(error)
                return fail(context, error.description)
            }
            drain(session, into: &out)
        }
        context.write(wrapOutboundOut(out), promise: promise)
    }

    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode != .input, case .open(let session) = phase {
            session.close()
            send(context, session)
            if mode == .all { phase = .ended }
        }
        context.close(mode: mode, promise: promise)
    }

    /// Sends what TLS itself has to say.
    private func send(_ context: ChannelHandlerContext, _ session: TLSSession) {
        guard session.outputCount > 0 else { return }
        var out = context.channel.allocator.buffer(capacity: session.outputCount)
        drain(session, into: &out)
        context.writeAndFlush(wrapOutboundOut(out), promise: nil)
    }

    private func drain(_ session: TLSSession, into out: inout ByteBuffer) {
        while session.outputCount > 0 {
            let count = out.writeWithUnsafeMutableBytes(minimumWritableBytes: session.outputCount) { bytes in
                session.takeOutput(into: bytes)
            }
            if count == 0 { return }
        }
    }

    private func endHandshake() {
        deadline?.cancel()
        deadline = nil
    }

    private func fail(_ context: ChannelHandlerContext, _ reason: String) {
        phase = .ended
        endHandshake()
        context.fireErrorCaught(TLSConnectionError(description: reason))
        context.close(promise: nil)
    }
}
