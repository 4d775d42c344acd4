import GateBackend
import GateCore
import GateProtocol
import NIOCore
import Synchronization

/// All calls that wait for an agent of 2026-07-28 to come back with answers.
final class ParkedCalls: Sendable {
    static let unknown =
        "This requestState is not known any more: it was used before, its time is over, or stonegate was restarted. "
        + "Make the call again without it."

    private struct State {
        var calls: [ParkedCall.ID: (call: ParkedCall, agent: ExactText)] = [:]
        var agents: [ExactText: Int] = [:]
        var isClosed = false
    }

    let options: MCPOptions
    let loop: any EventLoop
    let sealer: StateSealer
    private let answers: CallAnswerer
    private let state = Mutex(State())

    init(sealer: StateSealer, answers: CallAnswerer, options: MCPOptions, loop: any EventLoop) {
        self.sealer = sealer
        self.answers = answers
        self.options = options
        self.loop = loop
    }

    var count: Int { state.withLock { $0.calls.count } }

    func find(_ id: ParkedCall.ID) -> ParkedCall? { state.withLock { $0.calls[id]?.call } }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// - Returns: why it cannot be parked; nil when it can.
    func add(_ call: ParkedCall, agent: String) -> String? {
        let agent = ExactText(agent)
        return state.withLock { state in
            if state.isClosed { return Refusals.stopping }
            guard state.calls.count < options.maxParkedCalls,
                state.agents[agent, default: 0] < options.maxParkedCallsPerAgent
            else { return Refusals.noRoom }
            guard state.calls.updateValue((call, agent), forKey: call.id) == nil else { return nil }
            state.agents[agent, default: 0] += 1
            return nil
        }
    }

    func remove(_ call: ParkedCall) {
        let gone = state.withLock { state -> (call: ParkedCall, agent: ExactText)? in
            guard let gone = state.calls.removeValue(forKey: call.id) else { return nil }
            let left = (state.agents[gone.agent] ?? 1) - 1
            state.agents[gone.agent] = left > 0 ? left : nil
            return gone
        }
        // Released outside the lock.
        _ = gone
    }

    /// Ends all, and parks none from here on: a stop does not wait for people.
    func close() {
        let calls = state.withLock { state in
            state.isClosed = true
            return state.calls.values.map(\.call)
        }
        for call in calls { call.giveUp(why: Refusals.stopping) }
    }

    // MARK: Answers

    func answer(_ outcome: ParkingState.Outcome, _ turn: AgentTurn) -> RPCReply {
        answers.reply(outcome, to: turn.planned, turn.context, turn.id)
    }

    /// `input_required` with the questions of a parked call.
    func questions(_ asked: [ParkingState.Asked], of call: ParkedCall, round: UInt32, _ turn: AgentTurn) -> RPCReply {
        let expiry = WallClock.milliseconds() / 1_000 + Int(options.questionTimeout.components.seconds) + 1
        let state = sealer.seal(.parked(call.id, round: round), for: turn.planned.call, expiry: expiry)
        let requests = asked.map { asked in
            let form = QuestionForm.fitting(
                asked.kind, asked.question.params, version: turn.context.version, capabilities: turn.capabilities,
                elicitationID: ElicitationID.make)
            let params = if case .params(let params) = form { params } else { asked.question.params }
            return (key: asked.key, method: asked.kind.method, params: params)
        }
        return InputRequired.reply(requests, state: state, id: turn.id)
    }
}
