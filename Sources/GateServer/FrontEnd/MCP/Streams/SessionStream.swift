import GateBackend
import GateCore
import GateHTTP
import NIOCore
import NIOHTTP1
import Synchronization

/// One stream of a legacy session, over all connections that carry it: the answer to a request, or the gateway's own messages.
///
/// Its events have ids and are kept. When the connection breaks, the stream goes on without one; a client that comes back with the
/// id of the last event it has seen gets the rest.
final class SessionStream: EventOutlet {
    private struct State {
        var last: UInt64 = 0
        /// The connection that carries it at the moment.
        var outlet: HTTPBodyStream?
        var detachedSince: Instant?
        var isComplete = false
        /// Where it is kept alive.
        var entry: (streams: NoticeStreams, id: UInt64)?
    }

    /// Tells streams of one run apart.
    let number: UInt64
    /// The id of the request that it answers, as written; nil for a stream of the gateway's own messages.
    let request: ByteBuffer?
    private weak let session: LiveSession?
    private let sessionID: MCPSession.ID
    private let store: ReplayStore
    private let cursor: (prefix: String, suffix: String)
    private let state = Mutex(State())

    /// How long a client has to come back for a stream of notices.
    private static let patience = Duration.seconds(60)
    /// What clients that poll are told to wait before they come back, in milliseconds.
    private static let retry = 1_000

    init(number: UInt64, request: ByteBuffer?, run: UInt32, session: LiveSession, store: ReplayStore) {
        self.number = number
        self.request = request
        self.session = session
        self.store = store
        sessionID = session.id
        cursor = EventCursor(run: run, stream: number, number: 0, request: request).parts
    }

    var isAttached: Bool { state.withLock { $0.outlet != nil } }

    /// Begins the stream as the answer to a request.
    /// - Parameter primes: whether the client is given an id before there is a message (2025-11-25).
    func open(on exchange: HTTPExchange, primes: Bool) {
        let outlet = exchange.startStream(status: .ok, headers: MCPText.eventStreamHeaders)
        state.withLock { state in
            state.outlet = outlet
            if primes { outlet.write(EventText.priming(id: id(0), retry: SessionStream.retry)) }
        }
        hold(outlet, exchange)
    }

    /// Goes on on another connection, with what is kept of the events behind this number.
    ///
    /// - Returns: false when the stream has ended; nothing has been sent then.
    func resume(on exchange: HTTPExchange, after number: UInt64) -> Bool {
        let (outlet, replaced) = state.withLock { state -> (HTTPBodyStream?, HTTPBodyStream?) in
            guard !state.isComplete else { return (nil, nil) }
            let outlet = exchange.startStream(status: .ok, headers: MCPText.eventStreamHeaders)
            // At least a comment, so that the client sees that it has been heard.
            var missed = MCPText.keepAlive
            for event in store.replay(sessionID, stream: self.number, after: number).events {
                missed.writeImmutable(event)
            }
            outlet.write(large: missed)
            defer {
                state.outlet = outlet
                state.detachedSince = nil
            }
            return (outlet, state.outlet)
        }
        guard let outlet else { return false }
        if let replaced {
            // The client has given that connection up.
            replaced.finish()
            session?.leave()
        }
        hold(outlet, exchange)
        return true
    }

    private func hold(_ outlet: HTTPBodyStream, _ exchange: HTTPExchange) {
        session?.enter()
        settleEntry()
        exchange.onClose { [weak self] _ in self?.detach(outlet) }
    }

    /// Keeps the stream alive, and tells it of what `kinds` name, until it ends.
    /// - Returns: false when the gateway is stopping; the stream has been ended then, unless it is an answer.
    @discardableResult
    func enlist(
        in streams: NoticeStreams, _ visibility: Visibility = .all, _ kinds: CatalogKinds = [], agent: ExactText? = nil
    ) -> Bool {
        let entry = NoticeStreams.Entry(
            outlet: self, visibility: visibility, kinds: kinds, session: request == nil ? sessionID : nil, agent: agent,
            isAnswer: request != nil)
        guard let id = streams.add(entry) else { return false }
        let isLate = state.withLock { state in
            state.entry = (streams, id)
            return state.isComplete
        }
        if isLate { streams.remove(id) } else { settleEntry() }
        return true
    }

    /// Streams without a connection are not counted as open.
    private func settleEntry() {
        let (entry, isAttached) = state.withLock { ($0.entry, $0.outlet != nil) }
        if let (streams, id) = entry { streams.setDetached(id, !isAttached) }
    }

    private func detach(_ outlet: HTTPBodyStream) {
        let wasCurrent = state.withLock { state in
            guard state.outlet === outlet else { return false }
            state.outlet = nil
            state.detachedSince = .now
            return true
        }
        guard wasCurrent else { return }
        session?.leave()
        settleEntry()
    }

    /// Sends a message, or keeps it for the client's return.
    ///
    /// - Returns: false when it cannot reach the client.
    func send(_ parts: [ByteBuffer]) -> Bool {
        state.withLock { state in
            guard !state.isComplete else { return false }
            let text = EventText.message(parts, id: id(state.last &+ 1))
            guard state.outlet != nil || store.fits(text.readableBytes) else { return false }
            state.last &+= 1
            store.append(text, session: sessionID, stream: number, number: state.last, isLast: false)
            // A client that reads too slowly is cut off, and may come back.
            state.outlet?.write(text)
            return true
        }
    }

    /// Sends the response, which ends the stream.
    func finish(_ reply: RPCReply) {
        let wasOpen = state.withLock { state -> Bool in
            guard !state.isComplete else { return false }
            state.last &+= 1
            var text = EventText.message(reply.parts, id: id(state.last))
            if state.outlet == nil, !store.fits(text.readableBytes) {
                text = EventText.message(tooLarge(text.readableBytes).parts, id: id(state.last))
            }
            store.append(text, session: sessionID, stream: number, number: state.last, isLast: true)
            return complete(&state) { $0.finish(with: text) }
        }
        settle(wasOpen)
    }

    // MARK: Notices

    func notify(_ notice: Notice) -> Bool { send([notice.plain]) }

    func keepAlive(now: Instant) -> Bool {
        let isOver = state.withLock { state in
            state.outlet?.write(MCPText.keepAlive)
            // The call of an answer's stream ends it in any case.
            guard request == nil, let since = state.detachedSince else { return state.isComplete }
            return since.duration(to: now) >= SessionStream.patience
        }
        if isOver { end(.replaced) }
        return !isOver
    }

    func end(_ reason: StreamEnd) {
        let wasOpen = state.withLock { complete(&$0) { $0.finish() } }
        settle(wasOpen)
    }

    /// - Returns: whether a connection carried it.
    private func complete(_ state: inout State, _ end: (HTTPBodyStream) -> Void) -> Bool {
        state.isComplete = true
        guard let outlet = state.outlet.take() else { return false }
        end(outlet)
        return true
    }

    private func settle(_ wasOpen: Bool) {
        if let (streams, id) = state.withLock({ $0.entry.take() }) { streams.remove(id) }
        guard let session else { return }
        if wasOpen { session.leave() }
        session.remove(self)
    }

    private func id(_ number: UInt64) -> String { cursor.prefix + String(number, radix: 16) + cursor.suffix }

    /// What is kept in the place of an answer that is too large to be kept.
    private func tooLarge(_ bytes: Int) -> RPCReply {
        .error(
            -32603,
            "The connection broke during the call. The call was carried out, but its answer of \(bytes) bytes is too large to be "
                + "kept for later (limits.replay_bytes).", id: request)
    }
}
