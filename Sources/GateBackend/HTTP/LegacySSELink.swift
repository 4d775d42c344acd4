package import GateCurl
package import GateProtocol
import NIOCore
import Synchronization

/// A backend over the HTTP+SSE transport of 2024-11-05: one stream brings everything, messages go to an address that the stream
/// names first.
///
/// The stream is the connection: when it ends, the link is closed. Messages that are sent before the address is known wait for
/// it; requests sent while `notifications/initialized` is under way wait too, so that they cannot overtake it. The link owns its
/// agent.
package final class LegacySSELink: MessageLink {
    private struct State {
        var hold = TransferHold()
        var reader: ReplyReader
        /// What the stream was opened with.
        var token: AccessToken?
        var endpoint: String?
        /// Messages that wait for the address, or for `notifications/initialized` to arrive.
        var waiting: [OutboundMessage] = []
        /// Requests of which not a byte has left, because there is no access token yet.
        var unsent: Set<UInt64> = []
        var isHandshakeUnderWay = false
        var posts: [ObjectIdentifier: SSEPost] = [:]
        var isClosed = false
    }

    private static let maxWaiting = 256
    /// A message is acknowledged at once by any server that works.
    private static let postTime = Duration.seconds(30)

    let agent: CurlAgent
    private let url: CurlURL
    private let caFile: String?
    private let allowsAddress: @Sendable (CurlPeerAddress) -> Bool
    private let tokens: LinkTokens
    private let headers: [(name: String, value: String)]
    private let postHeaders: [(name: String, value: String)]
    private weak let receiver: (any MessageLinkReceiver)?
    private let state: Mutex<State>

    /// Opens the stream.
    ///
    /// - Parameters: as for ``StreamableHTTPLink``.
    /// - Throws: `invalidRequest` for a URL that cannot be used.
    package static func open(
        url: String, headers: [(name: String, value: String)], caFile: String? = nil,
        policy: AddressPolicy = AddressPolicy(.configured), tokens: AccessTokens? = nil, agent: CurlAgent,
        receiver: any MessageLinkReceiver, maxMessageBytes: Int
    ) throws(CurlError) -> LegacySSELink {
        let link = LegacySSELink(
            url: try CurlURL(url), headers: headers, caFile: caFile, policy: policy,
            tokens: LinkTokens(tokens: tokens), agent: agent, receiver: receiver, maxMessageBytes: maxMessageBytes)
        link.start()
        return link
    }

    private init(
        url: CurlURL, headers: [(name: String, value: String)], caFile: String?, policy: AddressPolicy,
        tokens: LinkTokens, agent: CurlAgent, receiver: any MessageLinkReceiver, maxMessageBytes: Int
    ) {
        self.url = url
        self.caFile = caFile
        self.agent = agent
        self.receiver = receiver
        self.headers = headers
        postHeaders =
            headers + [("Accept", "application/json, text/event-stream"), ("Content-Type", "application/json")]
        allowsAddress = { policy.permits($0) }
        self.tokens = tokens
        state = Mutex(State(reader: ReplyReader(limit: maxMessageBytes)))
    }

    private func start() {
        guard let number = state.withLock({ $0.hold.begin() }) else { return }
        var request = CurlRequest(url: url.text, headers: headers + [("Accept", "text/event-stream")])
        request.totalTimeout = nil
        request.maxResponseBytes = .max
        request.allowedAddress = allowsAddress
        request.tls.caFile = caFile
        tokens.authorize(request) { [self] result in
            switch result {
            case .success(let (request, token)):
                let isWanted = state.withLock { state in
                    state.token = token
                    return !state.isClosed
                }
                guard isWanted else { return }
                let transfer = agent.start(request, sink: SSEStream(link: self))
                if state.withLock({ $0.hold.attach(transfer, number: number) }) { transfer.cancel() }
            case .failure(let failure): finish(failure.message)
            }
        }
    }

    // MARK: MessageLink

    package func send(_ message: OutboundMessage) {
        enum Next { case wait, refuse(String), post(String, SSEPost) }
        let isInitialized = message.key == nil && message.method.isSame(as: MCPMethod.initialized)
        let next = state.withLock { state -> Next in
            guard !state.isClosed else { return .refuse("the connection is closed") }
            guard let endpoint = state.endpoint, !state.isHandshakeUnderWay else {
                guard state.waiting.count < Self.maxWaiting else {
                    return .refuse("it has not yet said where messages are to be sent")
                }
                state.waiting.append(message)
                return .wait
            }
            state.isHandshakeUnderWay = isInitialized
            let post = SSEPost(link: self, key: message.key, isInitialized: isInitialized)
            state.posts[ObjectIdentifier(post)] = post
            return .post(endpoint, post)
        }
        switch next {
        case .wait: return
        case .refuse(let reason):
            if let key = message.key { report(LinkFailure(.network, reason, sent: false), exchange: key) }
        case .post(let endpoint, let post):
            var request = CurlRequest(
                method: "POST", url: endpoint, headers: postHeaders + message.headers,
                body: BufferBytes(buffer: message.body))
            request.totalTimeout = Self.postTime
            request.maxResponseBytes = .max
            request.allowedAddress = allowsAddress
            request.tls.caFile = caFile
            if let key = message.key, tokens.tokens != nil { state.withLock { _ = $0.unsent.insert(key) } }
            tokens.authorize(request) { [self] result in start(post, result) }
        }
    }

    private func start(_ post: SSEPost, _ result: Result<(CurlRequest, AccessToken?), LinkFailure>) {
        let isWanted = state.withLock { state in
            guard let key = post.key, tokens.tokens != nil else { return true }
            // It was given up meanwhile when it is not there any more.
            return state.unsent.remove(key) != nil
        }
        guard isWanted else { return ended(post) }
        switch result {
        case .success(let (request, token)):
            post.token.withLock { $0 = token }
            agent.start(request, sink: post)
        case .failure(let failure):
            ended(post)
            if let key = post.key { report(failure, exchange: key) }
        }
    }

    /// The answer comes on the stream of all; a message that has not left stays here.
    @discardableResult
    package func abandon(_ key: UInt64) -> Bool {
        state.withLock { state in
            let waited = state.waiting.contains { $0.key == key }
            if waited { state.waiting.removeAll { $0.key == key } }
            return state.unsent.remove(key) != nil || waited
        }
    }

    package func established(_ version: ProtocolVersion) {}

    package func close() async {
        finish("the gateway closed the connection")
        await agent.shutdown()
    }

    // MARK: The stream

    fileprivate func head(_ head: CurlResponseHead) {
        let (reader, token) = state.withLock { state in
            _ = state.reader.head(head)
            return (state.reader, state.token)
        }
        tokens.answered(head.status, token)
        if reader.isSuccess, reader.form != .events {
            finish(
                "GET was answered with \(head.value("content-type") ?? "no content type") instead of an event stream")
        }
    }

    fileprivate func body(_ bytes: UnsafeRawBufferPointer) {
        var events: [SSEDecoder.Event] = []
        let fault = state.withLock { state -> LinkFailure? in
            guard !state.isClosed else { return nil }
            return state.reader.take(bytes) { events.append($0) }
        }
        for event in events {
            switch event.kind {
            case .message: receiver?.linkReceived(event.data, exchange: nil)
            case .endpoint: use(endpoint: String(buffer: event.data))
            case .other: continue
            }
        }
        if let fault { finish(fault.message) }
    }

    fileprivate func finished(_ error: CurlError?) {
        let reader = state.withLock { $0.reader }
        if case .fail(let failure) = reader.ending(error, carriedSession: false, mayResume: false),
            case .status(let status, let body) = failure.kind
        {
            finish("HTTP \(status)\(body.isEmpty ? "" : ": \(body)")")
        } else {
            finish(error?.message ?? "it ended the event stream")
        }
    }

    private func use(endpoint reference: String) {
        do throws(EndpointURL.Fault) {
            let endpoint = try EndpointURL.resolve(reference, against: url)
            let waiting = state.withLock { state -> [OutboundMessage] in
                // The first one counts.
                guard state.endpoint == nil, !state.isClosed else { return [] }
                state.endpoint = endpoint
                defer { state.waiting = [] }
                return state.waiting
            }
            for message in waiting { send(message) }
        } catch {
            switch error {
            case .unusable: finish("it named an address for messages that is no URL")
            case .otherOrigin:
                finish("it wants messages sent to another origin than `url`, where its credentials do not belong")
            }
        }
    }

    // MARK: What the posts report

    fileprivate func deliver(_ message: ByteBuffer, exchange: UInt64) {
        receiver?.linkReceived(message, exchange: exchange)
    }

    fileprivate func answered(_ status: Int, _ token: AccessToken?) { tokens.answered(status, token) }

    fileprivate func report(_ failure: LinkFailure, exchange: UInt64) {
        receiver?.linkFailed(exchange: exchange, failure)
    }

    fileprivate func ended(_ post: SSEPost) {
        let waiting = state.withLock { state -> [OutboundMessage] in
            guard state.posts.removeValue(forKey: ObjectIdentifier(post)) != nil, post.isInitialized else { return [] }
            state.isHandshakeUnderWay = false
            defer { state.waiting = [] }
            return state.waiting
        }
        for message in waiting { send(message) }
    }

    private func finish(_ reason: String) {
        let ended = state.withLock { state -> (stream: CurlTransfer?, unsent: [OutboundMessage])? in
            guard !state.isClosed, case .some(let transfer) = state.hold.end() else { return nil }
            state.isClosed = true
            defer { state.waiting = [] }
            return (transfer, state.waiting)
        }
        guard let ended else { return }
        ended.stream?.cancel()
        for case .some(let key) in ended.unsent.map(\.key) {
            report(LinkFailure(.network, reason, sent: false), exchange: key)
        }
        receiver?.linkClosed(reason)
    }
}

private final class SSEStream: CurlSink {
    private let link: LegacySSELink

    init(link: LegacySSELink) { self.link = link }

    func head(_ head: CurlResponseHead) { link.head(head) }

    func body(_ bytes: UnsafeRawBufferPointer) -> CurlFlow {
        link.body(bytes)
        return .proceed
    }

    func finished(_ error: CurlError?) { link.finished(error) }
}

/// One message on its way; only a refusal is news.
private final class SSEPost: CurlSink {
    let key: UInt64?
    let isInitialized: Bool
    let token = Mutex<AccessToken?>(nil)
    private let link: LegacySSELink
    private let reader: Mutex<ReplyReader>

    init(link: LegacySSELink, key: UInt64?, isInitialized: Bool) {
        self.link = link
        self.key = key
        self.isInitialized = isInitialized
        reader = Mutex(ReplyReader(limit: 1 << 16))
    }

    func head(_ head: CurlResponseHead) {
        reader.withLock { _ = $0.head(head) }
        link.answered(head.status, token.withLock { $0 })
    }

    func body(_ bytes: UnsafeRawBufferPointer) -> CurlFlow {
        // The body of an acknowledgement says nothing.
        reader.withLock { if !$0.isSuccess { _ = $0.take(bytes) { _ in } } }
        return .proceed
    }

    func finished(_ error: CurlError?) {
        link.ended(self)
        guard let key else { return }
        let reader = reader.withLock { $0 }
        if reader.isSuccess { return }
        switch reader.ending(error, carriedSession: false, mayResume: false) {
        case .fail(let failure): link.report(failure, exchange: key)
        case .deliver(let message): link.deliver(message, exchange: key)
        case .done, .resume: return
        }
    }
}
