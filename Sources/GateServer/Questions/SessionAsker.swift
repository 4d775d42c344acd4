import GateBackend
import GateProtocol
import NIOCore
import Synchronization

/// Asks the agent of one call with a session: on the stream of that call, in the words of its revision.
final class SessionAsker: Sendable {
    private let questions: SessionQuestions
    private let session: MCPSession
    private let channel: any ReplyChannel
    private let options: MCPOptions
    private let loop: any EventLoop
    /// What the agent can be asked.
    let capabilities: ClientCapabilities
    /// Questions of this call that wait for an answer.
    private let open = Atomic<Int>(0)

    init(
        _ questions: SessionQuestions, _ session: MCPSession, capabilities: ClientCapabilities,
        channel: any ReplyChannel, options: MCPOptions, loop: any EventLoop
    ) {
        self.questions = questions
        self.session = session
        self.channel = channel
        self.options = options
        self.loop = loop
        self.capabilities = capabilities
    }

    /// Passes a question on; it is answered by the agent, or at once when the agent cannot be asked.
    func pass(_ question: BackendQuestion) {
        guard let kind = QuestionKind(question) else {
            question.answer(.error(code: RPCCode.methodNotFound, message: "stonegate does not pass this on."))
            return
        }
        let missing = question.needs.subtracting(.samplingContext).subtracting(capabilities)
        guard missing.isEmpty else {
            question.answer(Refusals.undeclared(missing))
            return
        }
        let form = QuestionForm.fitting(
            kind, question.params, version: session.version, capabilities: capabilities,
            elicitationID: ElicitationID.make)
        guard case .params(let params) = form else {
            question.answer(.result(QuestionKind.cancel))
            return
        }
        guard open.wrappingAdd(1, ordering: .relaxed).oldValue < options.maxQuestionsPerCall else {
            open.wrappingSubtract(1, ordering: .relaxed)
            question.answer(Refusals.tooMany)
            return
        }
        let key = questions.ask(session.id, kind, params, on: channel) { [self] answer in
            open.wrappingSubtract(1, ordering: .relaxed)
            question.answer(answer)
        }
        guard let key else {
            open.wrappingSubtract(1, ordering: .relaxed)
            question.answer(Refusals.unreachable)
            return
        }
        question.onWithdrawal { [self] in
            if questions.withdraw(key, on: channel) { open.wrappingSubtract(1, ordering: .relaxed) }
        }
    }

    /// Asks all of a round and waits for the answers.
    ///
    /// - Returns: `inputResponses` as JSON text of an object; nil when nothing was asked.
    /// - Throws: `CANCELLED` when the agent's answer cannot be told to the backend, and when the call is cancelled.
    func answers(_ interim: InterimResult) async throws(GateError) -> ByteBuffer? {
        guard !interim.requests.isEmpty else { return nil }
        let answers = GatheredAnswers(interim.requests.count)
        let asked = interim.requests.enumerated().map { index, request in
            BackendQuestion(method: request.kind.method, params: request.params, needs: request.needs) { answer in
                answers.set(index, answer)
                // No word for an error in the next round: nobody needs the others any more.
                if case .error = answer, request.kind != .elicitation { answers.close() }
            }
        }
        let timer = loop.scheduleTask(in: TimeAmount(options.questionTimeout)) { answers.close() }
        let given = await withTaskCancellationHandler {
            for question in asked { pass(question) }
            return await answers.wait()
        } onCancel: {
            answers.close()
        }
        timer.cancel()
        for question in asked { question.withdraw() }
        return try MadeRound.responses(interim, given)
    }
}
