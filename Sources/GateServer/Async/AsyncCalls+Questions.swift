package import GateBackend
package import GateCore
import GateProtocol
import NIOCore
import Synchronization

/// What servers ask in the middle of a call, and the answers.
extension AsyncCalls {
    /// As many as clients allow a server (2026-07-28).
    static let maxRounds = 10
    /// Questions of one call that are open at once.
    private static let maxOpen = 16

    /// Hears what happens during a call.
    func listener(_ id: AsyncCallID, _ given: CallListener?) -> CallListener {
        let capabilities = given?.capabilities ?? []
        return CallListener(wantsProgress: true, capabilities: capabilities, logLevel: given?.logLevel) {
            [weak self] event in
            switch event {
            case .progress(let members):
                self?.progressed(id, members)
                given?.onEvent(event)
            case .log: given?.onEvent(event)
            case .question(let question):
                guard let self else {
                    question.answer(.error(code: RPCCode.internalError, message: Refusals.stopping))
                    return
                }
                ask(id, question, capabilities)
            }
        }
    }

    private func progressed(_ id: AsyncCallID, _ members: ByteBuffer) {
        let told = state.withLock { state -> (view: AsyncCallView, watchers: [AsyncWatcher])? in
            guard let owner = state.calls[id]?.owner else { return nil }
            state.calls[id]?.progress = ByteBuffer(bytes: members.readableBytesView)
            let watchers = state.watchers.values.filter { $0.wantsProgress && $0.owner == owner }
            guard !watchers.isEmpty, let entry = state.calls[id], entry.isKept else { return nil }
            return (entry.view, watchers)
        }
        guard let told else { return }
        for watcher in told.watchers { watcher.body(told.view, true) }
    }

    private func ask(_ id: AsyncCallID, _ question: BackendQuestion, _ capabilities: ClientCapabilities) {
        guard let kind = QuestionKind(question) else {
            question.answer(.error(code: RPCCode.methodNotFound, message: "stonegate does not pass this on."))
            return
        }
        let missing = question.needs.subtracting(.samplingContext).subtracting(capabilities)
        guard missing.isEmpty else {
            question.answer(Refusals.undeclared(missing))
            return
        }
        let key = state.withLock { state -> String? in
            guard var entry = state.calls[id], !entry.state.isDecided, entry.questions.count < AsyncCalls.maxOpen
            else { return nil }
            let key = entry.questions.add(kind, question)
            _ = entry.state.event(.asked(entry.questions.count), now: clock())
            state.calls[id] = entry
            return key
        }
        guard let key else {
            question.answer(Refusals.tooMany)
            return
        }
        arrive.yield(.changed(id))
        question.onWithdrawal { [weak self] in _ = self?.take(id, key) }
    }

    private func take(_ id: AsyncCallID, _ key: String) -> BackendQuestion? {
        let question = state.withLock { state -> BackendQuestion? in
            guard var entry = state.calls[id], let question = entry.questions.take(key) else { return nil }
            _ = entry.state.event(.asked(entry.questions.count), now: clock())
            state.calls[id] = entry
            return question
        }
        if question != nil { arrive.yield(.changed(id)) }
        return question
    }

    /// Answers an open question of a call.
    /// - Returns: whether it was open. An answer to any other is ignored.
    @discardableResult
    package func answer(
        _ id: AsyncCallID, for owners: [InstanceOwner], _ key: String, _ answer: BackendQuestion.Answer
    ) -> Bool {
        guard state.withLock({ $0.calls[id].map { owners.contains($0.owner) } ?? false }), let question = take(id, key)
        else { return false }
        return question.answer(answer)
    }

    /// Asks what a server of 2026-07-28 wants to know before it goes on, and waits for all answers: as long as the call may take,
    /// because nothing is held at the server meanwhile.
    func round(
        _ id: AsyncCallID, _ interim: InterimResult, _ capabilities: ClientCapabilities, until deadline: Instant
    ) async throws(GateError) -> CallRound {
        guard !interim.requests.isEmpty else {
            // Nothing but a state: the server wants to be asked again. A cancelled task is told so by the call.
            _ = await rest(.seconds(1))
            return CallRound(responses: nil, state: interim.stateText)
        }
        let answers = GatheredAnswers(interim.requests.count)
        let asked = interim.requests.enumerated().map { index, request in
            BackendQuestion(method: request.kind.method, params: request.params, needs: request.needs) { answer in
                answers.set(index, answer)
                // No word for an error in the next round: nobody needs the others any more.
                if case .error = answer, request.kind != .elicitation { answers.close() }
            }
        }
        let timer = loop.scheduleTask(in: TimeAmount(max(.zero, Instant.now.duration(to: deadline)))) {
            answers.close()
        }
        let given = await withTaskCancellationHandler {
            for question in asked { ask(id, question, capabilities) }
            return await answers.wait()
        } onCancel: {
            answers.close()
        }
        timer.cancel()
        for question in asked { question.withdraw() }
        return CallRound(responses: try MadeRound.responses(interim, given), state: interim.stateText)
    }
}
