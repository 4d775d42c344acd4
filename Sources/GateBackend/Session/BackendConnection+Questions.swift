import GateCore
import GateProtocol
import Logging
import NIOCore
import Synchronization

/// What a backend of the session revisions asks in the middle of a call: passed to the caller whose call it is, and to nobody else.
extension BackendConnection {
    /// Takes a request of the backend's own.
    /// - Parameter exchange: the call on whose stream it came, where the transport knows (HTTP).
    func asked(_ message: WireMessage, exchange: UInt64?) {
        guard let field = message.envelope.id else { return }
        let id = message.slice(field.value)
        if message.isMethod(MCPMethod.ping) { return respond(id, .result(ByteBuffer(string: "{}"))) }
        // In 2026-07-28 servers have no requests of their own: they ask by `input_required`.
        guard let kind = QuestionKind(message), era == .legacy else {
            return respond(id, .error(code: RPCCode.methodNotFound, message: "stonegate does not answer this request"))
        }
        let verdict = state.withLock { state in
            // It works, whatever ran out of time before.
            state.unanswered = 0
            return state.attribute(exchange, now: .now) { $0.capabilities.isSuperset(of: kind.needs) }
        }
        if case .call(let key) = verdict, !rules.isOff { return ask(message, kind, id: id, of: key) }
        if kind.needs == .roots, !rules.roots.isEmpty { return respond(id, .result(rootList)) }
        let reason =
            rules.isOff ? "stonegate's configuration does not let this server ask (`questions`)" : verdict.refusal
        refuse(id, kind, code: RPCCode.methodNotFound, reason)
    }

    /// Says no, to the backend and in the log: there not each time, because a backend may ask without end.
    private func refuse(_ id: ByteBuffer, _ kind: QuestionKind, code: Int, _ reason: String) {
        let count = state.withLock { state in
            state.refusedQuestions += 1
            return state.refusedQuestions
        }
        if count & (count - 1) == 0 {
            logger?.notice(
                "a question of the server was refused: \(reason)",
                metadata: ["method": "\(kind.method)", "refused": "\(count)"])
        }
        respond(id, .error(code: code, message: reason))
    }

    private func ask(_ message: WireMessage, _ kind: QuestionKind, id: ByteBuffer, of key: UInt64) {
        let params = message.envelope.params.map { message.slice($0.range) } ?? ByteBuffer(string: "{}")
        let question = BackendQuestion(method: kind.method, params: params, needs: kind.needs) { [weak self] answer in
            self?.answered(id, answer)
        }
        let now = Instant.now
        let (listener, fault) = state.withLock { state -> (CallListener?, String?) in
            // It may have ended a moment ago.
            guard let listener = state.table.entries[key]?.listener else { return (nil, nil) }
            let fault = state.questions.insert(
                .init(question: question, call: key, deadline: now.advanced(by: rules.timeout)), id: id)
            if fault == nil { state.table.pause(key, now: now) }
            return (listener, fault)
        }
        guard let listener, fault == nil else {
            return refuse(
                id, kind, code: RPCCode.invalidRequest, fault ?? QuestionAttribution.Verdict.noCall.refusal)
        }
        listener.onEvent(.question(question))
    }

    private func answered(_ id: ByteBuffer, _ answer: BackendQuestion.Answer) {
        let isExpected = state.withLock { state in
            guard let entry = state.questions.remove(id) else { return false }
            if state.questions.count(of: entry.call) == 0 { state.table.resume(entry.call, now: .now) }
            return true
        }
        if isExpected { respond(id, answer) }
    }

    /// The backend no longer wants to know.
    func tookBack(_ message: WireMessage) {
        guard let field = message.param("requestId") else { return }
        let id = message.slice(field.value)
        let entry = state.withLock { state -> QuestionTable.Entry? in
            guard let entry = state.questions.remove(id) else { return nil }
            if state.questions.count(of: entry.call) == 0 { state.table.resume(entry.call, now: .now) }
            return entry
        }
        entry?.question.withdraw()
    }

    /// A call has ended: nobody waits for what it asked.
    func endQuestions(of key: UInt64?, _ entry: PendingTable.Entry) {
        guard let key, entry.pausedSince != nil else { return }
        for open in state.withLock({ $0.questions.removeAll(of: key) }) { open.question.withdraw() }
    }

    /// Answers for agents that have not answered in their time.
    func expireQuestions(now: Instant) {
        let due = state.withLock { state -> [(id: ByteBuffer, entry: QuestionTable.Entry)] in
            guard !state.questions.isEmpty else { return [] }
            let due = state.questions.expired(now: now)
            for (_, entry) in due where state.questions.count(of: entry.call) == 0 {
                state.table.resume(entry.call, now: now)
            }
            return due
        }
        for (id, entry) in due {
            entry.question.withdraw()
            respond(id, entry.question.unanswered("the agent did not answer in time"))
        }
    }

    private func respond(_ id: ByteBuffer, _ answer: BackendQuestion.Answer) {
        var out = ByteBuffer()
        out.writeStaticString("{\"jsonrpc\":\"2.0\",\"id\":")
        out.writeImmutable(id)
        switch answer {
        case .result(let result):
            out.writeStaticString(",\"result\":")
            out.writeImmutable(result)
        case .error(let code, let message):
            out.writeString(",\"error\":{\"code\":\(code),\"message\":")
            out.writeJSONString(message)
            out.writeStaticString("}")
        }
        out.writeStaticString("}\n")
        post("response", out)
    }

    private var rootList: ByteBuffer {
        let roots = rules.roots.map { uri -> JSONValue in ["uri": .string(uri)] }
        return ByteBuffer(bytes: JSONValue.object(JSONObject([("roots", .array(roots))])).bytes)
    }
}

extension QuestionAttribution.Verdict {
    fileprivate var refusal: String {
        switch self {
        case .call, .unwilling: "the agent whose call this is cannot be asked this"
        case .noCall: "no agent's call is running that this could belong to"
        case .uncertain:
            "calls of several agents are running, or were given up and may be, and nobody can know which of them this "
                + "belongs to; set `questions` or `isolation` of this server in stonegate's configuration"
        }
    }
}
