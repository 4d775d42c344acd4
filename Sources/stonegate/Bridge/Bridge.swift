import GateProtocol

/// MCP on stdin and stdout, carried to the gateway over HTTP.
///
/// It only decides: ``BridgeDriver`` reads, writes, sends and waits. Messages of both eras may come on the same stdin; each
/// travels as its own era demands. To the client the gateway seems never to go away: requests wait for a gateway that is
/// being restarted, and sessions, streams and subscriptions are opened again.
struct Bridge: Sendable {
    typealias ExchangeID = Int

    enum Event: Sendable {
        case line([UInt8])
        case overlongLine
        case inputEnded
        /// A response begins.
        case head(ExchangeID, BridgeHead)
        /// The id of the event that comes next: behind it the stream can be taken up again.
        case place(ExchangeID, String)
        /// A JSON body, or one event of a stream.
        case body(ExchangeID, [UInt8])
        /// Always the last event of an attempt.
        case finished(ExchangeID, BridgeFailure?)
        case timer(Timer)
    }

    enum Timer: Sendable, Equatable {
        case retry(ExchangeID)
        /// The time for answers after the end of stdin is over.
        case lastAnswer
    }

    enum Action: Sendable {
        /// To stdout, as one line.
        case write([UInt8])
        /// To stderr.
        case say(String)
        case send(ExchangeID, BridgeRequest)
        case cancel(ExchangeID)
        case wake(Timer, after: Duration)
        case end
    }

    /// How long a request waits for a gateway that does not answer.
    static let patience: Duration = .seconds(10)
    /// How long answers are waited for after the end of stdin.
    static let lastAnswerTime: Duration = .seconds(30)
    static let longestLine = 4 << 20

    let address: String
    var session = BridgeSession()
    var exchanges: [ExchangeID: BridgeExchange] = [:]
    private var exchangeCount = 0
    var isUnreachable = false
    var hasEnded = false
    private var isClosing = false
    /// What the current event leads to.
    var actions: [Action] = []

    /// - Parameter address: of the gateway, for messages.
    init(address: String) { self.address = address }

    mutating func handle(_ event: Event, now: Duration) -> [Action] {
        actions = []
        switch event {
        case .line(let line): take(line, now: now)
        case .overlongLine:
            actions.append(
                .write(
                    BridgeReply.error(
                        GateError(.payloadTooLarge, "A message may have at most 4 MiB.", source: .caller), id: nil)))
        case .inputEnded: inputEnded()
        case .head(let id, let head): begin(id, head)
        case .place(let id, let place):
            exchanges[id]?.place = place
            exchanges[id]?.brokenAt = nil
        case .body(let id, let body): receive(body, id)
        case .finished(let id, let failure): finish(id, failure, now: now)
        case .timer(.retry(let id)): if let exchange = exchanges[id] { send(id, exchange) }
        case .timer(.lastAnswer): actions.append(.end)
        }
        endWhenDone()
        return actions
    }

    // MARK: From the client

    private mutating func take(_ line: [UInt8], now: Duration) {
        let message: BridgeMessage
        do throws(EnvelopeFault) {
            message = try BridgeMessage(line)
        } catch .batch {
            return forward(BridgeMessage(batch: line), now: now)
        } catch {
            var id: [UInt8]?
            if case .invalid(_, let range?) = error { id = Array(line[range]) }
            let object: JSONValue = ["code": .init(error.code), "message": .string(error.message)]
            return actions.append(.write(BridgeReply.error(object.bytes, id: id)))
        }
        if message.isModern { return start(.init(.forward(message), now: now)) }
        // Without a session there is nobody else to tell.
        if let cancelled = message.cancelledID, stop(cancelled) || session.state == .none { return }
        switch message.method {
        case "initialize" where message.id != nil:
            closeStream()
            session.begin(with: message)
            start(.init(.initialize(message), now: now))
        case "notifications/initialized" where session.state == .negotiated:
            session.state = .confirming
            start(.init(.initialized(message), now: now))
        default:
            session.note(message)
            forward(message, now: now)
        }
    }

    /// Ends the request that the client no longer wants.
    ///
    /// - Returns: whether that is all; a legacy request that is under way must be cancelled at the gateway as well.
    private mutating func stop(_ id: [UInt8]) -> Bool {
        if session.withdraw(id) { return true }
        for (key, exchange) in exchanges where exchange.message?.comparableID == id {
            if exchange.message?.isModern == true || exchange.isWaiting && !exchange.isResuming {
                exchanges[key] = nil
                actions.append(.cancel(key))
                return true
            }
            exchanges[key]?.isCancelled = true
        }
        return false
    }

    mutating func forward(_ message: BridgeMessage, now: Duration) {
        let exchange = BridgeExchange(.forward(message), now: now)
        if session.isHolding { session.held.append(exchange) } else { start(exchange) }
    }

    // MARK: Exchanges

    mutating func start(_ exchange: BridgeExchange) {
        exchangeCount += 1
        exchanges[exchangeCount] = exchange
        send(exchangeCount, exchange)
    }

    private mutating func send(_ id: ExchangeID, _ exchange: BridgeExchange) {
        exchanges[id]?.isWaiting = false
        exchanges[id]?.head = nil
        exchanges[id]?.usedSession = exchange.usesSession ? session.id : nil
        actions.append(.send(id, BridgeRequest(exchange, session: session)))
    }

    mutating func write(_ line: [UInt8]) { actions.append(.write(line)) }

    // MARK: The end

    private mutating func inputEnded() {
        hasEnded = true
        for (id, exchange) in exchanges where exchange.isStanding {
            exchanges[id] = nil
            actions.append(.cancel(id))
        }
        actions.append(.wake(.lastAnswer, after: Self.lastAnswerTime))
    }

    private mutating func endWhenDone() {
        guard hasEnded, exchanges.isEmpty, session.held.isEmpty else { return }
        guard !isClosing, session.id != nil else { return actions.append(.end) }
        isClosing = true
        start(.init(.close, now: .zero))
    }
}
