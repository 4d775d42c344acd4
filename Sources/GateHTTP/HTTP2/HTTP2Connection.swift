import Logging
import NIOCore
import NIOHPACK
import NIOHTTP2

/// One client connection that speaks HTTP/2: counts its streams, and ends it when it is idle, stalled or the server stops. The requests
/// are the business of ``HTTP2Stream``.
///
/// All state is confined to the event loop.
final class HTTP2Connection: ChannelInboundHandler, HTTPServedConnection, @unchecked Sendable {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    /// Requests that one connection may have under way.
    private static let mostStreams = 100

    let shared: HTTPLoopContext
    let peer: HTTPPeer
    private let address: String
    private var context: ChannelHandlerContext?
    private var streams: [ObjectIdentifier: HTTP2Stream] = [:]
    private var idleSince: NIODeadline
    private var stalledSince: NIODeadline?
    private var isClosed = false
    private var isLeaving = false

    init(shared: HTTPLoopContext, address: String, peer: HTTPPeer) {
        self.shared = shared
        self.address = address
        self.peer = peer
        idleSince = shared.stamp
    }

    /// What speaks the protocol, in front of this.
    func makeProtocolHandler() -> NIOHTTP2Handler {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: HTTP2Connection.mostStreams),
            HTTP2Setting(
                parameter: .maxHeaderListSize, value: shared.limits.maxHeaderBytes + shared.limits.maxRequestLineBytes),
            HTTP2Setting(parameter: .enablePush, value: 0),
        ]
        configuration.maximumBufferedControlFrames = 1_000
        return NIOHTTP2Handler(
            mode: .server, eventLoop: shared.eventLoop, connectionConfiguration: configuration
        ) { [self] channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(HTTP2Stream(self))
            }
        }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        shared.add(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    func channelInactive(context: ChannelHandlerContext) { close() }
    func handlerRemoved(context: ChannelHandlerContext) { close() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        shared.logger.debug("connection failed", metadata: ["error": "\(error)"])
        // An error of one stream is that stream's.
        if error is NIOHTTP2Errors.StreamError { return }
        context.close(promise: nil)
    }

    private func close() {
        guard !isClosed else { return }
        isClosed = true
        context = nil
        shared.limiter.release(address: address)
        shared.remove(self)
        for stream in streams.values { stream.connectionClosed() }
        streams = [:]
    }

    // MARK: Streams

    func add(_ stream: HTTP2Stream) { streams[ObjectIdentifier(stream)] = stream }

    func remove(_ stream: HTTP2Stream) {
        streams[ObjectIdentifier(stream)] = nil
        guard streams.isEmpty else { return }
        idleSince = shared.stamp
        if isLeaving || shared.isStopping { context?.close(promise: nil) }
    }

    /// A response was finished: while the server drains, the client is told to go elsewhere with the next request.
    func responded() {
        if shared.isDraining { leave() }
    }

    private func leave() {
        guard !isLeaving, let context else { return }
        isLeaving = true
        let frame = HTTP2Frame(
            streamID: .rootStream, payload: .goAway(lastStreamID: .maxID, errorCode: .noError, opaqueData: nil))
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
    }

    // MARK: Timers and the end

    func checkTimers(now: NIODeadline) {
        guard let context else { return }
        if context.channel.isWritable {
            stalledSince = nil
        } else if let since = stalledSince {
            if now - since >= shared.times.writeStall { return abort(.writeStalled) }
        } else {
            stalledSince = now
        }
        for stream in Array(streams.values) { stream.checkTimers(now: now) }
        guard streams.isEmpty, now - idleSince >= shared.times.idle else { return }
        leave()
        context.close(promise: nil)
    }

    func stopGracefully() {
        leave()
        for stream in streams.values { stream.stopGracefully() }
        if streams.isEmpty { context?.close(promise: nil) }
    }

    func abort(_ reason: HTTPCloseReason) {
        let context = context
        for stream in Array(streams.values) { stream.abort(reason) }
        close()
        context?.close(promise: nil)
    }
}
