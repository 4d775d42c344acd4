package import GateBackend
package import GateCore
import GateProtocol
import NIOCore
import Synchronization

/// What servers ask in the middle of a call, and the answers.
extension AsyncCalls {
    /// As many as clients allow a server (2026-07-28).
    static let maxRounds = 10

    /// Hears what happens during a call.
    func listener(_ id: AsyncCallID, _ given: CallListener?) -> CallListener {
        CallListener(
            wantsProgress: true, capabilities: given?.capabilities ?? [], logLevel: given?.logLevel
        ) { [weak self] event in
            switch event {
            case .progress(let members):
                self?.state.withLock { $0.calls[id]?.progress = ByteBuffer(bytes: members.readableBytesView) }
                given?.onEvent(event)
            case .log: given?.onEvent(event)
            case .question(let question):
                guard let self else {
                    question.answer(.error(code: RPCCode.internalError, message: "stonegate is stopping"))
                    return
                }
                guard question.needs.isSubset(of: given?.capabilities ?? []) else {
                    question.answer(.error(code: RPCCode.methodNotFound, message: "the caller cannot be asked"))
                    return
                }
                ask(id, question)
            }
        }
    }

    private func ask(_ id: AsyncCallID, _ question: BackendQuestion) {
        let key = ask(id, method: "\(question.method)", params: question.params) { question.answer($0) }
        guard let key else {
            question.answer(.error(code: RPCCode.internalError, message: "the call has ended"))
            return
        }
        question.onWithdrawal { [weak self] in _ = self?.take(id, key) }
    }

    /// - Parameter handler: gets the answer; called at most once.
    /// - Returns: the question's key; nil when the call has ended.
    private func ask(
        _ id: AsyncCallID, method: String, params: ByteBuffer, _ handler: @escaping AsyncQuestions.Handler
    ) -> String? {
        let key = state.withLock { state -> String? in
            guard var entry = state.calls[id], !entry.state.isDecided else { return nil }
            let own = ByteBuffer(bytes: params.readableBytesView)
            let key = entry.questions.add(method: method, params: own, handler)
            _ = entry.state.event(.asked(entry.questions.count), now: clock())
            state.calls[id] = entry
            return key
        }
        if key != nil { arrive.yield(.changed(id)) }
        return key
    }

    private func take(_ id: AsyncCallID, _ key: String) -> AsyncQuestions.Handler? {
        let handler = state.withLock { state -> AsyncQuestions.Handler? in
            guard var entry = state.calls[id], let handler = entry.questions.take(key) else { return nil }
            _ = entry.state.event(.asked(entry.questions.count), now: clock())
            state.calls[id] = entry
            return handler
        }
        if handler != nil { arrive.yield(.changed(id)) }
        return handler
    }

    /// Answers an open question of a call.
    /// - Returns: whether it was open. An answer to any other is ignored.
    @discardableResult
    package func answer(
        _ id: AsyncCallID, for owner: InstanceOwner, _ key: String, _ answer: BackendQuestion.Answer
    ) -> Bool {
        guard state.withLock({ $0.calls[id]?.owner == owner }), let handler = take(id, key) else { return false }
        handler(answer)
        return true
    }

    // MARK: Rounds (2026-07-28)

    /// Asks what a server wants to know before it goes on, and waits for all answers.
    func answers(
        _ id: AsyncCallID, _ asked: RoundQuestions, _ call: GatewayCall, until deadline: Instant
    ) async throws(GateError) -> CallRound {
        guard !asked.requests.isEmpty else {
            // Nothing but a state: the server asks to be asked again.
            guard await rest(.seconds(1)) else { throw AsyncCalls.unanswered(call) }
            return CallRound(responses: nil, state: asked.state)
        }
        let answers = RoundAnswers(asked.requests)
        for request in asked.requests {
            let key = ask(id, method: request.method, params: request.params) { answers.answer(request, $0) }
            guard key != nil else { throw AsyncCalls.unanswered(call) }
        }
        let timer = loop.scheduleTask(in: TimeAmount(max(.zero, Instant.now.duration(to: deadline)))) {
            answers.giveUp()
        }
        defer { timer.cancel() }
        let responses = await withTaskCancellationHandler {
            await withCheckedContinuation { answers.wait($0) }
        } onCancel: {
            answers.giveUp()
        }
        guard let responses else { throw AsyncCalls.unanswered(call) }
        return CallRound(responses: responses, state: asked.state)
    }

    private static func unanswered(_ call: GatewayCall) -> GateError {
        GateError(
            .cancelled,
            "Server '\(call.server)' asked something that was not answered, so the call did not go on.",
            source: .caller, server: call.server, tool: call.target.tool, sent: true)
    }

    static func tooManyRounds(_ call: GatewayCall) -> GateError {
        GateError(
            .backendProtocolError,
            "Server '\(call.server)' broke the protocol: it asked for more answers after \(maxRounds) rounds.",
            source: .backend, server: call.server, tool: call.target.tool, sent: true)
    }
}

/// What a server of 2026-07-28 wants to know before it goes on with a call.
struct RoundQuestions {
    struct Request: Sendable {
        /// The server's own key as JSON text of a string.
        let key: ByteBuffer
        let method: String
        let params: ByteBuffer
    }

    let requests: [Request]
    let state: ByteBuffer?

    /// Nil for any other answer.
    init?(_ reply: CallReply) {
        let message = reply.message
        guard message.string(message.resultMember("resultType")) == "input_required" else { return nil }
        state = message.resultMember("requestState").flatMap { $0.isString ? message.slice($0.value) : nil }
        guard let field = message.resultMember("inputRequests"), field.isObject,
            let members = JSONMembers(message.slice(field.value))
        else {
            requests = []
            return
        }
        requests = members.fields.list.compactMap { field in
            guard field.isObject, let request = JSONMembers(members.slice(field)),
                let method = request.string("method")
            else { return nil }
            let params = request.find("params").flatMap { $0.isObject ? request.slice($0) : nil }
            return Request(
                key: members.key(field), method: method, params: params ?? ByteBuffer(string: "{}"))
        }
    }
}

/// Collects the answers of one round.
private final class RoundAnswers: Sendable {
    private enum Phase {
        case open(missing: Int, CheckedContinuation<ByteBuffer?, Never>?)
        case over(ByteBuffer?)
    }

    private struct State {
        var phase: Phase
        var text = ByteBuffer(string: "{")
    }

    private let state: Mutex<State>

    init(_ requests: [RoundQuestions.Request]) {
        state = Mutex(State(phase: .open(missing: requests.count, nil)))
    }

    func wait(_ continuation: CheckedContinuation<ByteBuffer?, Never>) {
        let result = state.withLock { state -> ByteBuffer?? in
            switch state.phase {
            case .open(let missing, _):
                state.phase = .open(missing: missing, continuation)
                return nil
            case .over(let text): return .some(text)
            }
        }
        if let result { continuation.resume(returning: result) }
    }

    func answer(_ request: RoundQuestions.Request, _ answer: BackendQuestion.Answer) {
        let result: ByteBuffer
        switch answer {
        case .result(let text): result = text
        case .error:
            // An error cannot be said to such a server; that the user does not want to answer can, in one case.
            guard request.method == "elicitation/create" else { return giveUp() }
            result = ByteBuffer(string: #"{"action":"cancel"}"#)
        }
        finish { state in
            guard case .open(let missing, let continuation) = state.phase else { return nil }
            if state.text.readableBytes > 1 { state.text.writeStaticString(",") }
            state.text.writeImmutable(request.key)
            state.text.writeStaticString(":")
            state.text.writeImmutable(result)
            guard missing <= 1 else {
                state.phase = .open(missing: missing - 1, continuation)
                return nil
            }
            state.text.writeStaticString("}")
            state.phase = .over(state.text)
            return continuation.map { ($0, state.text) }
        }
    }

    func giveUp() {
        finish { state in
            guard case .open(_, let continuation) = state.phase else { return nil }
            state.phase = .over(nil)
            return continuation.map { ($0, nil) }
        }
    }

    private func finish(_ change: (inout sending State) -> (CheckedContinuation<ByteBuffer?, Never>, ByteBuffer?)?) {
        guard let (continuation, text) = state.withLock({ change(&$0) }) else { return }
        continuation.resume(returning: text)
    }
}
