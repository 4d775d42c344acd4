import GateProtocol

/// What follows when an exchange is over.
extension Bridge {
    mutating func finish(_ id: ExchangeID, _ failure: BridgeFailure?, now: Duration) {
        guard let exchange = exchanges[id] else { return }
        if let failure { return lost(id, exchange, failure, now: now) }
        let status = exchange.head?.status ?? 0
        if exchange.isWithoutSession { return sessionLost(id, exchange, now: now) }
        // A server may end a stream early and expect its client back.
        if status == 200, canResume(exchange, now: now) { return resume(id, exchange, now: now) }
        let isRefused = status >= 400 || (exchange.isListen && exchange.isAnswered && exchange.lastWord == nil)
        if exchange.isStanding, !isRefused { return tryAgain(id, exchange, now: now) }
        exchanges[id] = nil
        switch exchange.purpose {
        case .initialize:
            // A quick client may be further by now: it has had its answer since the body came.
            if session.state == .opening { session.fail() }
            answerIfNeeded(exchange, status: status)
            release(now: now)
        case .initialized:
            if status < 400 {
                session.state = .open
                openStream(now: now)
            } else {
                session.state = .negotiated
            }
            release(now: now)
        case .reinitialize:
            guard exchange.isAnswered, session.version != nil else {
                return reopeningFailed("the gateway refused to open the session again", now: now)
            }
            start(.init(.reinitialized, now: now))
        case .reinitialized:
            session.state = .open
            openStream(isRepeated: true, now: now)
            for wish in session.wishes { start(.init(.restore(wish), now: now)) }
            release(now: now)
        case .forward: answerIfNeeded(exchange, status: status)
        case .restore, .stream, .close: break
        }
    }

    /// Makes sure that a request has an answer.
    private mutating func answerIfNeeded(_ exchange: BridgeExchange, status: Int) {
        guard let message = exchange.message, !exchange.isAnswered, !exchange.isCancelled else { return }
        guard message.id != nil || message.kind == .batch else {
            if status >= 400 { actions.append(.say("The gateway refused \(message.method) (HTTP status \(status)).")) }
            return
        }
        if status < 400 {
            guard message.kind != .batch else { return }
            let text =
                "The connection to the gateway ended before the answer; whether the request was carried out is not known."
            return write(BridgeReply.error(GateError(.outcomeUnknown, text, sent: true), id: message.id))
        }
        if let error = exchange.refusal?.error {
            write(BridgeReply.error(error, id: message.id))
        } else {
            let text =
                "What answers at \(address) is not stonegate (HTTP status \(status)). Check the address and the port."
            write(BridgeReply.error(GateError(.gatewayUnreachable, text, sent: true), id: message.id))
        }
    }

    // MARK: Failures

    private mutating func lost(_ id: ExchangeID, _ exchange: BridgeExchange, _ failure: BridgeFailure, now: Duration) {
        if case .close = exchange.purpose {
            exchanges[id] = nil
            return
        }
        if exchange.isAnswered && !exchange.isStanding {
            // The answer came; how the connection ended after it does not matter.
            return finish(id, nil, now: now)
        }
        if canResume(exchange, now: now) { return resume(id, exchange, now: now) }
        if !failure.sent, !isUnreachable {
            isUnreachable = true
            actions.append(
                .say("No gateway answers at \(address) (\(failure.message)). Start it with: stonegate serve"))
        }
        let isInTime = now - exchange.firstTry < Self.patience
        let mayRepeat = !exchange.isResuming && (!failure.sent || exchange.isRepeatable)
        if exchange.isStream || mayRepeat && (isInTime || isRestoring(exchange)) {
            return tryAgain(id, exchange, now: now)
        }
        exchanges[id] = nil
        let error =
            failure.sent || exchange.isResuming
            ? GateError(
                .outcomeUnknown,
                "The connection to the gateway broke before the answer; whether the request was carried out is not known. "
                    + "(\(failure.message))", sent: true)
            : GateError(
                .gatewayUnreachable,
                "No gateway answers at \(address). Start it with: stonegate serve (\(failure.message))")
        if let message = exchange.message, message.id != nil || message.kind == .batch, !exchange.isCancelled {
            write(exchange.lastWord ?? BridgeReply.error(error, id: message.id))
        }
        switch exchange.purpose {
        case .initialize:
            if session.state == .opening { session.fail() }
            release(now: now)
        case .initialized:
            session.state = .negotiated
            release(now: now)
        case .reinitialize, .reinitialized: reopeningFailed(error.message, now: now)
        case .forward, .restore, .stream, .close: break
        }
    }

    private func canResume(_ exchange: BridgeExchange, now: Duration) -> Bool {
        exchange.canResume && !exchange.isCancelled && now - (exchange.brokenAt ?? now) < Self.patience
    }

    /// Asks for the rest of an answer whose stream broke.
    private mutating func resume(_ id: ExchangeID, _ exchange: BridgeExchange, now: Duration) {
        exchanges[id]?.isResuming = true
        exchanges[id]?.brokenAt = exchange.brokenAt ?? now
        if let exchange = exchanges[id] { tryAgain(id, exchange, now: now) }
    }

    /// A subscription that the gateway had accepted is kept up for as long as the client wants it.
    private func isRestoring(_ exchange: BridgeExchange) -> Bool { exchange.isListen && exchange.isAcknowledged }

    private mutating func tryAgain(_ id: ExchangeID, _ exchange: BridgeExchange, now: Duration) {
        guard !(hasEnded && exchange.isStanding) else {
            exchanges[id] = nil
            return
        }
        var exchange = exchange
        exchange.failures += 1
        exchange.isWaiting = true
        exchange.isAnswered = false
        exchange.refusal = nil
        exchanges[id] = exchange
        actions.append(.wake(.retry(id), after: exchange.backoff))
    }

    // MARK: The legacy session

    private mutating func sessionLost(_ id: ExchangeID, _ exchange: BridgeExchange, now: Duration) {
        exchanges[id] = nil
        if exchange.isResuming {
            // It has been carried out, or it has not: what is sure is that its answer went with the session.
            answerLost(exchange)
        } else if case .forward(let message) = exchange.purpose, !exchange.isCancelled {
            var again = BridgeExchange(.forward(message), now: now)
            again.isRepeated = true
            session.held.append(again)
        }
        // Of several exchanges that find the session gone, only the first opens a new one.
        if session.id == exchange.usedSession, session.state == .open || session.state == .negotiated,
            let opening = session.opening
        {
            closeStream()
            session.id = nil
            session.state = .reopening
            start(.init(.reinitialize(opening), now: now))
        } else if !session.isHolding {
            release(now: now)
        }
    }

    private mutating func answerLost(_ exchange: BridgeExchange) {
        guard let id = exchange.message?.id, !exchange.isCancelled else { return }
        let text =
            "The connection to the gateway broke before the answer, and the session is gone; whether the request was carried out "
            + "is not known."
        write(BridgeReply.error(GateError(.outcomeUnknown, text, sent: true), id: id))
    }

    private mutating func reopeningFailed(_ why: String, now: Duration) {
        session.fail()
        actions.append(.say("The session could not be opened again: \(why)"))
        let held = session.held
        session.held = []
        for message in held.compactMap(\.message) where message.id != nil {
            write(
                BridgeReply.error(
                    GateError(
                        .sessionNotFound, "The gateway forgot the session, and it could not be opened again: \(why)"),
                    id: message.id))
        }
    }

    /// Sends what waited for the session.
    private mutating func release(now: Duration) {
        guard !session.isHolding else { return }
        let held = session.held
        session.held = []
        for exchange in held { start(exchange) }
    }

    /// - Parameter isRepeated: whether the session was opened again, so that changes may have been missed.
    private mutating func openStream(isRepeated: Bool = false, now: Duration) {
        guard !hasEnded, !exchanges.values.contains(where: \.isStream) else { return }
        var stream = BridgeExchange(.stream, now: now)
        stream.isRepeated = isRepeated
        start(stream)
    }

    mutating func closeStream() {
        for (id, exchange) in exchanges where exchange.isStream {
            exchanges[id] = nil
            actions.append(.cancel(id))
        }
    }
}
