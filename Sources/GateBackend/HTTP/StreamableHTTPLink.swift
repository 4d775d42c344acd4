package import GateCore
package import GateCurl
package import GateProtocol
package import NIOCore
import Synchronization

/// A backend over Streamable HTTP: each message is a POST, its answer JSON or an event stream (2025-03-26 to 2026-07-28).
///
/// The link owns its agent, so that connections and credentials are never shared between backends; ``close()`` ends both and must be
/// called. Answers are delivered on the agent's thread. There is no limit on the time of an exchange: whoever waits
/// gives up by ``abandon(_:)``.
///
/// In a legacy session nothing is sent while `notifications/initialized` is under way, because requests on other connections
/// could overtake it; the stream for the server's own messages is opened right after it.
package final class StreamableHTTPLink: MessageLink {
    struct State {
        var exchanges: [UInt64: LinkExchange] = [:]
        /// Notices and answers under way.
        var unkeyed: [ObjectIdentifier: LinkExchange] = [:]
        var session: String?
        /// The server no longer knows the session. Its id is still sent, so that each request is told so.
        var isSessionLost = false
        var version: ProtocolVersion?
        /// The fields of each request of the legacy session as it is now.
        var sessionHeaders: [(name: String, value: String)]
        /// Messages that wait until the server knows that the handshake is over.
        var held: [OutboundMessage]?
        var stream: ServerStream?
        var isClosed = false
    }

    private static let closeTime = Duration.seconds(2)
    /// Notices and answers are taken at once by any server that works.
    private static let noticeTime = Duration.seconds(30)

    package let agent: CurlAgent
    let maxMessageBytes: Int
    let budget: MemoryBudget
    let tokens: LinkTokens
    private let url: String
    private let caFile: String?
    private let allowsAddress: @Sendable (CurlPeerAddress) -> Bool
    private let loop: any EventLoop
    private weak let receiver: (any MessageLinkReceiver)?
    private let plainHeaders: [(name: String, value: String)]
    private let modernHeaders: [(name: String, value: String)]
    private let streamHeaders: [(name: String, value: String)]
    private let state: Mutex<State>

    /// - Parameters:
    ///   - headers: sent with each request: the operator's credentials.
    ///   - policy: where its connections may go.
    ///   - tokens: what stands in `Authorization`, when it is not in `headers`.
    ///   - agent: the link's alone.
    ///   - maxMessageBytes: the largest answer, and the largest event of a stream.
    ///   - loop: for timers.
    ///   - receiver: not retained.
    /// - Throws: `invalidRequest` for a URL that cannot be used.
    package init(
        url: String, headers: [(name: String, value: String)], caFile: String? = nil,
        policy: AddressPolicy = AddressPolicy(.configured), tokens: AccessTokens? = nil, agent: CurlAgent,
        receiver: any MessageLinkReceiver, maxMessageBytes: Int, loop: any EventLoop,
        budget: MemoryBudget = MemoryBudget()
    ) throws(CurlError) {
        _ = try CurlURL(url)
        self.url = url
        self.caFile = caFile
        self.agent = agent
        self.receiver = receiver
        self.maxMessageBytes = maxMessageBytes
        self.budget = budget
        self.loop = loop
        allowsAddress = { policy.permits($0) }
        self.tokens = LinkTokens(tokens: tokens)
        plainHeaders =
            headers + [("Accept", "application/json, text/event-stream"), ("Content-Type", "application/json")]
        modernHeaders = plainHeaders + [(MCPHeader.version, ProtocolVersion.newest.rawValue)]
        streamHeaders = headers + [("Accept", "text/event-stream")]
        state = Mutex(State(sessionHeaders: plainHeaders))
    }

    // MARK: MessageLink

    package var tellsExchanges: Bool { true }

    package func send(_ message: OutboundMessage) {
        // In the modern era closing the stream is the cancellation, and HTTP has no other.
        if message.era == .modern, message.method.isSame(as: MCPMethod.cancelled) { return }
        let isFirst = message.method.isSame(as: MCPMethod.initialize)
        let isInitialized = message.key == nil && message.method.isSame(as: MCPMethod.initialized)
        var headers = message.era == .modern ? modernHeaders : plainHeaders
        let exchange = state.withLock { state -> LinkExchange?? in
            guard !state.isClosed else { return nil }
            if state.held != nil {
                state.held?.append(message)
                return .some(nil)
            }
            if isInitialized { state.held = [] }
            let usesSession = message.era == .legacy && !isFirst
            if usesSession { headers = state.sessionHeaders }
            let exchange = LinkExchange(
                link: self, key: message.key, kind: isFirst ? .initialize : isInitialized ? .initialized : .plain,
                carriedSession: usesSession && state.session != nil, mayResume: usesSession)
            if let key = message.key {
                state.exchanges[key] = exchange
            } else {
                state.unkeyed[ObjectIdentifier(exchange)] = exchange
            }
            return exchange
        }
        guard case .some(let admitted) = exchange else {
            if let key = message.key {
                report(LinkFailure(.network, "the connection is closed", sent: false), exchange: key)
            }
            return
        }
        admitted?.start(request(message, headers))
    }

    @discardableResult
    package func abandon(_ key: UInt64) -> Bool {
        let (exchange, wasHeld) = state.withLock { state in
            let wasHeld = state.held?.contains { $0.key == key } ?? false
            if wasHeld { state.held?.removeAll { $0.key == key } }
            return (state.exchanges.removeValue(forKey: key), wasHeld)
        }
        let isUnsent = exchange?.abandon() ?? false
        return wasHeld || isUnsent
    }

    package func established(_ version: ProtocolVersion) {
        guard version.era == .legacy else { return }
        state.withLock { state in
            state.version = version
            state.rebuildHeaders(plainHeaders)
        }
    }

    package func close() async {
        let ended = state.withLock { state -> (exchanges: [LinkExchange], stream: ServerStream?, session: Bool)? in
            guard !state.isClosed else { return nil }
            state.isClosed = true
            defer {
                state.exchanges = [:]
                state.unkeyed = [:]
                state.held = nil
                state.stream = nil
            }
            return (
                Array(state.exchanges.values) + state.unkeyed.values, state.stream,
                state.session != nil && !state.isSessionLost
            )
        }
        guard let ended else { return await agent.shutdown() }
        for exchange in ended.exchanges { exchange.abandon() }
        ended.stream?.end()
        if ended.session {
            var request = makeRequest("DELETE", state.withLock { $0.sessionHeaders })
            request.connectTimeout = Self.closeTime
            request.totalTimeout = Self.closeTime
            request.maxResponseBytes = 1 << 16
            let result = await withCheckedContinuation { continuation in
                tokens.authorize(request) { continuation.resume(returning: $0) }
            }
            if case .success(let (authorized, _)) = result { _ = try? await agent.send(authorized) }
        }
        await agent.shutdown()
        receiver?.linkClosed("the gateway closed the connection")
    }

    // MARK: Requests

    private func request(_ message: OutboundMessage, _ base: [(name: String, value: String)]) -> CurlRequest {
        var headers = base
        headers.reserveCapacity(base.count + 2 + message.headers.count)
        if message.era == .modern {
            headers.append((MCPHeader.method, message.method.description))
            if let name = message.name { headers.append((MCPHeader.name, MCPHeader.encoded(name))) }
        }
        headers.append(contentsOf: message.headers)
        var request = makeRequest("POST", headers)
        request.body = BufferBytes(buffer: message.body)
        if message.key == nil { request.totalTimeout = Self.noticeTime }
        return request
    }

    func streamRequest(lastEventID: String) -> CurlRequest {
        var headers = streamHeaders
        state.withLock { headers += $0.sessionFields }
        if MCPHeader.isReturnable(lastEventID) { headers.append((MCPHeader.lastEventID, lastEventID)) }
        return makeRequest("GET", headers)
    }

    private func makeRequest(_ method: String, _ headers: [(name: String, value: String)]) -> CurlRequest {
        var request = CurlRequest(method: method, url: url, headers: headers)
        request.totalTimeout = nil
        // The reader counts: a stream may go on for ever, a message may not.
        request.maxResponseBytes = .max
        request.allowedAddress = allowsAddress
        request.tls.caFile = caFile
        // Over TLS the server chooses; many calls then share one connection.
        request.http2 = url.utf8.starts(with: "https:".utf8)
        return request
    }

    // MARK: What the exchanges report

    func deliver(_ message: ByteBuffer, exchange: UInt64?) {
        receiver?.linkReceived(message, exchange: exchange)
    }

    func report(_ failure: LinkFailure, exchange: UInt64) {
        receiver?.linkFailed(exchange: exchange, failure)
    }

    func remove(_ exchange: LinkExchange) {
        state.withLock { state in
            if let key = exchange.key {
                state.exchanges[key] = nil
            } else {
                state.unkeyed[ObjectIdentifier(exchange)] = nil
            }
        }
    }

    func adopt(session: String?) {
        guard let session, MCPHeader.isReturnable(session) else { return }
        state.withLock { state in
            state.session = session
            state.rebuildHeaders(plainHeaders)
        }
    }

    func forgetSession() {
        let stream = state.withLock { state in
            state.isSessionLost = true
            defer { state.stream = nil }
            return state.stream
        }
        stream?.end()
    }

    /// The server knows that the handshake is over: what has waited goes out.
    func openGate() {
        let (held, stream) = state.withLock { state -> ([OutboundMessage], ServerStream?) in
            guard !state.isClosed else { return ([], nil) }
            defer { state.held = nil }
            let opens = state.stream == nil && state.version != nil
            if opens { state.stream = ServerStream(link: self) }
            return (state.held ?? [], opens ? state.stream : nil)
        }
        for message in held { send(message) }
        stream?.open()
    }

    func schedule(after milliseconds: Int64, _ work: @escaping @Sendable () -> Void) {
        _ = loop.scheduleTask(in: .milliseconds(milliseconds)) { work() }
    }
}

extension StreamableHTTPLink.State {
    var sessionFields: [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        if let session { fields.append((MCPHeader.session, session)) }
        if let version { fields.append((MCPHeader.version, version.rawValue)) }
        return fields
    }

    mutating func rebuildHeaders(_ base: [(name: String, value: String)]) {
        sessionHeaders = base + sessionFields
    }
}

/// A message as the body of a request, without a copy.
struct BufferBytes: CurlBytes {
    let buffer: ByteBuffer

    var count: Int { buffer.readableBytes }

    func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try buffer.withUnsafeReadableBytes(body)
    }
}
