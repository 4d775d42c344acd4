import GateProtocol

/// What comes from the gateway.
extension Bridge {
    mutating func begin(_ id: ExchangeID, _ head: BridgeHead) {
        guard let exchange = exchanges[id] else { return }
        exchanges[id]?.head = head
        if isUnreachable {
            isUnreachable = false
            actions.append(.say("The gateway at \(address) answers again."))
        }
        guard exchange.isStream, head.status == 200 else { return }
        exchanges[id]?.failures = 0
        exchanges[id]?.isRepeated = false
        // What changed while the stream was down may not have been told: a gateway that was restarted has kept nothing of it.
        guard exchange.failures > 0 || exchange.isRepeated else { return }
        for kind in session.announced {
            write(Array(#"{"jsonrpc":"2.0","method":"notifications/\#(kind)/list_changed"}"#.utf8))
        }
    }

    mutating func receive(_ body: [UInt8], _ id: ExchangeID) {
        guard let exchange = exchanges[id], let head = exchange.head else { return }
        guard let reply = BridgeReply(body) else {
            if head.status < 400 { actions.append(.say("The gateway sent something that is no JSON-RPC message.")) }
            return
        }
        if head.status >= 400 {
            exchanges[id]?.refusal = reply
            return
        }
        switch reply.kind {
        case .batch:
            exchanges[id]?.isAnswered = true
            write(reply.line)
        case .other(let method):
            if exchange.isListen, method == "notifications/subscriptions/acknowledged" {
                return acknowledge(reply, id, exchange)
            }
            write(reply.line)
        case .answer(let answered):
            guard let own = exchange.message?.id ?? exchange.ownID else { return write(reply.line) }
            guard answered == nil || answered == BridgeMessage.comparable(own) else { return write(reply.line) }
            exchanges[id]?.isAnswered = true
            if case .restore = exchange.purpose { return restored(reply, exchange) }
            // An error without an id belongs to the only request there was.
            let line = answered == nil ? reply.error.map { BridgeReply.error($0, id: own) } ?? reply.line : reply.line
            answer(line, reply, id, exchange, head)
        }
    }

    private mutating func answer(
        _ line: [UInt8], _ reply: BridgeReply, _ id: ExchangeID, _ exchange: BridgeExchange, _ head: BridgeHead
    ) {
        switch exchange.purpose {
        case .initialize, .reinitialize:
            if let version = reply.negotiatedVersion {
                session.id = head.sessionID.flatMap { HeaderText.isUsable($0) ? $0 : nil }
                session.version = HeaderText.isUsable(version) ? version : nil
                session.announced = reply.announcedKinds
                if case .initialize = exchange.purpose { session.state = .negotiated }
            }
            if case .initialize = exchange.purpose { write(line) }
        case .forward where exchange.isListen && reply.error == nil: exchanges[id]?.lastWord = line
        default: write(line)
        }
    }

    /// The client has its answer from the first time; what was refused now it has to know.
    private mutating func restored(_ reply: BridgeReply, _ exchange: BridgeExchange) {
        guard case .restore(let message) = exchange.purpose else { return }
        if reply.error != nil {
            actions.append(.say("The gateway forgot the session, and refused to do \(message.method) again."))
        } else if message.method == "resources/subscribe", let uri = message.uri {
            // What changed meanwhile has not been told.
            let params: JSONValue = ["uri": .string(uri)]
            write(Array(#"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":\#(params.text)}"#.utf8))
        }
    }

    /// Passes on the first acknowledgement of a subscription; when it had to be opened again, tells the client to look
    /// instead.
    private mutating func acknowledge(_ reply: BridgeReply, _ id: ExchangeID, _ exchange: BridgeExchange) {
        exchanges[id]?.failures = 0
        exchanges[id]?.lastWord = nil
        guard exchange.isAcknowledged, let subscription = exchange.message?.id else {
            exchanges[id]?.isAcknowledged = true
            return write(reply.line)
        }
        guard let honoured = try? JSONValue(parsing: reply.line)["params"]?["notifications"] else { return }
        let meta = Array(#""_meta":{"io.modelcontextprotocol/subscriptionId":"#.utf8) + subscription + Array("}}}".utf8)
        let kinds = [
            ("toolsListChanged", "tools"), ("promptsListChanged", "prompts"), ("resourcesListChanged", "resources"),
        ]
        for (key, kind) in kinds where honoured[key]?.boolValue == true {
            write(Array(#"{"jsonrpc":"2.0","method":"notifications/\#(kind)/list_changed","params":{"#.utf8) + meta)
        }
        for uri in honoured["resourceSubscriptions"]?.arrayValue ?? [] {
            let head = #"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":\#(uri.text),"#
            write(Array(head.utf8) + meta)
        }
    }
}

extension BridgeExchange {
    /// The id of what the bridge itself repeats.
    fileprivate var ownID: [UInt8]? {
        switch purpose {
        case .reinitialize(let message), .restore(let message): message.id
        case .forward, .initialize, .initialized, .reinitialized, .stream, .close: nil
        }
    }
}
