import GateProtocol

/// One HTTP exchange, over all attempts at it.
struct BridgeExchange: Sendable {
    enum Purpose: Sendable {
        /// Carries a message of the client.
        case forward(BridgeMessage)
        /// The client's `initialize` and `notifications/initialized`.
        case initialize(BridgeMessage)
        case initialized(BridgeMessage)
        /// The same again by the bridge itself, after the gateway forgot the session.
        case reinitialize(BridgeMessage)
        case reinitialized
        /// What the client had asked of the session that was lost, asked again of the new one.
        case restore(BridgeMessage)
        /// The legacy stream of what servers say by themselves.
        case stream
        /// Ends the session.
        case close
    }

    let purpose: Purpose
    let firstTry: Duration
    var failures = 0
    var head: BridgeHead?
    /// Waiting for its next attempt.
    var isWaiting = false
    var isAnswered = false
    /// The client no longer wants the answer.
    var isCancelled = false
    /// The session id that the current attempt was sent with.
    var usedSession: String?
    /// Whether a new session was already opened for it.
    var isRepeated = false
    /// What the gateway said with a status of 400 or above.
    var refusal: BridgeReply?
    /// A subscription that was acknowledged before.
    var isAcknowledged = false
    /// The id of the last event: behind it the stream of a session can be taken up again.
    var place: String?
    /// The answer is under way on a stream that broke and is to be taken up again; the request is not sent another time.
    var isResuming = false
    /// When it broke; nil once it goes on.
    var brokenAt: Duration?
    /// The answer of a subscription that the gateway ended: given to the client only when it cannot be opened again.
    var lastWord: [UInt8]?

    init(_ purpose: Purpose, now: Duration) {
        self.purpose = purpose
        firstTry = now
    }

    var message: BridgeMessage? {
        switch purpose {
        case .forward(let message), .initialize(let message), .initialized(let message): message
        case .reinitialize, .reinitialized, .restore, .stream, .close: nil
        }
    }

    var isStream: Bool { if case .stream = purpose { true } else { false } }
    var isListen: Bool { message?.isListen ?? false }
    /// Open for as long as the client is there; nobody waits for its end.
    var isStanding: Bool { isStream || isListen }

    var usesSession: Bool {
        switch purpose {
        case .forward(let message): !message.isModern
        case .initialized, .reinitialized, .restore, .stream, .close: true
        case .initialize, .reinitialize: false
        }
    }

    /// Whether another attempt can do no harm although the gateway may have had the last one.
    var isRepeatable: Bool { message?.isRepeatable ?? true }

    /// Whether the rest of the answer can be asked for.
    var canResume: Bool {
        guard case .forward(let message) = purpose else { return false }
        return !message.isModern && message.id != nil && !isAnswered && place != nil
    }

    /// Whether the gateway says that it does not know the session. It looks at nothing else then.
    var isWithoutSession: Bool {
        guard head?.status == 404, usedSession != nil, !isRepeated else { return false }
        switch purpose {
        case .forward, .stream: break
        case .initialize, .initialized, .reinitialize, .reinitialized, .restore, .close: return false
        }
        let code = refusal?.error.flatMap { try? JSONValue(parsing: $0)["code"]?.intValue }
        return code != RPCCode.methodNotFound
    }

    /// The wait before the next attempt.
    var backoff: Duration {
        let milliseconds = 100 << min(failures - 1, isStanding ? 8 : 4)
        return .milliseconds(min(milliseconds, isStanding ? 20_000 : 1000))
    }
}

/// How a response begins.
struct BridgeHead: Sendable, Equatable {
    var status: Int
    /// `Mcp-Session-Id`.
    var sessionID: String?
}

/// Why there was no response, or no whole one.
struct BridgeFailure: Sendable, Equatable {
    var message: String
    /// Whether the gateway may have had the request.
    var sent: Bool
}
