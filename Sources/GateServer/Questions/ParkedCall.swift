import GateBackend
import GateProtocol
import NIOCore
import Synchronization

/// A call of an agent of 2026-07-28 to a server with sessions, over all its turns.
///
/// It is one running call: the task that carries it out lives on while it is parked, and what changes hands is where the answer goes.
final class ParkedCall: Sendable {
    /// Finds a parked call; unguessable.
    struct ID: Hashable, Sendable {
        var high: UInt64
        var low: UInt64
    }

    private struct State {
        var parking: ParkingState
        var timer: Scheduled<Void>?
    }

    let id: ID
    /// Cancels the call at its backend.
    let canceller: CallCanceller
    private let state: Mutex<State>
    private let calls: ParkedCalls

    init(turn: AgentTurn, canceller: CallCanceller, calls: ParkedCalls) {
        var random = SystemRandomNumberGenerator()
        id = ID(high: random.next(), low: random.next())
        self.canceller = canceller
        self.calls = calls
        state = Mutex(State(parking: ParkingState(turn: turn, maxOpen: calls.options.maxQuestionsPerCall)))
    }

    // MARK: From the backend

    func happened(_ event: CallEvent) {
        switch event {
        case .progress(let members): state.withLock { $0.parking.progressed(members) }?.send(members)
        case .log(let level, let params):
            if let turn = state.withLock({ $0.parking.turn }) { LogNotices.send(level, params, to: turn) }
        case .question(let question): ask(question)
        }
    }

    private func ask(_ question: BackendQuestion) {
        guard let kind = QuestionKind(question) else {
            question.answer(.error(code: RPCCode.methodNotFound, message: "stonegate does not pass this on."))
            return
        }
        switch state.withLock({ $0.parking.ask(kind, question) }) {
        case .refuse(let answer): question.answer(answer)
        case .later: watch(question)
        case .gather:
            watch(question)
            gather()
        }
    }

    private func watch(_ question: BackendQuestion) {
        question.onWithdrawal { [weak self, weak question] in
            guard let question else { return }
            self?.state.withLock { $0.parking.withdrawn(question) }
        }
    }

    private func gather() {
        calls.loop.scheduleTask(in: TimeAmount(calls.options.gatherTime)) { [self] in park() }
    }

    /// The call has come to its end.
    func ended(_ outcome: ParkingState.Outcome) {
        guard let turn = state.withLock({ $0.parking.ended(outcome) }) else { return }
        turn.finish(calls.answer(outcome, turn))
    }

    // MARK: To the agent

    private func park() {
        guard let agent = state.withLock({ $0.parking.turn?.context.agent }) else { return }
        // Known before the agent is told of it, so that it cannot be back too early.
        let obstacle = calls.add(self, agent: agent)
        let gathered = state.withLock { state in
            let gathered = state.parking.gathered(obstacle: obstacle)
            if let round = gathered.parked?.round {
                state.timer = calls.loop.scheduleTask(in: TimeAmount(calls.options.questionTimeout)) { [self] in
                    giveUp(round: round, why: Refusals.late)
                }
            }
            return gathered
        }
        for (question, answer) in gathered.refused { question.answer(answer) }
        guard let (turn, asked, round) = gathered.parked else { return calls.remove(self) }
        turn.finish(calls.questions(asked, of: self, round: round, turn))
        if calls.isClosed { giveUp(why: Refusals.stopping) }
    }

    /// The agent is back.
    /// - Returns: why it cannot go on; nil when it does.
    func resume(_ turn: AgentTurn, round: UInt32, answers: JSONMembers?) -> String? {
        let (resumption, timer) = state.withLock { state -> (ParkingState.Resumption, Scheduled<Void>?) in
            let resumption = state.parking.resume(turn, round: round, answers: answers)
            guard case .resumed = resumption else { return (resumption, nil) }
            // Before it can be parked again.
            calls.remove(self)
            return (resumption, state.timer.take())
        }
        timer?.cancel()
        switch resumption {
        case .notParked: return ParkedCalls.unknown
        case .malformed(let fault): return "inputResponses: \(fault)."
        case .resumed(let given, let progress, let outcome, let asksAgain):
            if let progress { turn.progress?.send(progress) }
            for (asked, answer) in given { asked.question.answer(answer) }
            if let outcome {
                turn.finish(calls.answer(outcome, turn))
            } else if asksAgain {
                gather()
            }
            return nil
        }
    }

    /// Ends a parked call that its agent does not go on with.
    func giveUp(round: UInt32? = nil, why: String) {
        let (asked, timer) = state.withLock { state in (state.parking.giveUp(round: round), state.timer.take()) }
        timer?.cancel()
        guard let asked else { return }
        calls.remove(self)
        for asked in asked { asked.question.answer(asked.question.unanswered(why)) }
        canceller.cancel()
    }
}
