import GateBackend
import GateProtocol
import NIOCore

/// What one call of an agent of 2026-07-28 to a server with sessions is at: decides, does nothing.
///
/// A turn is open, or the call is parked, or it is over. While it is parked the agent has the questions, and nothing is open to it.
struct ParkingState {
    typealias Outcome = Result<CallReply, GateError>

    struct Asked {
        let number: UInt32
        let kind: QuestionKind
        let question: BackendQuestion

        /// The key in `inputRequests`.
        var key: String { "q\(number)" }
    }

    enum Asking {
        /// Wait a little for more, then call ``gathered(obstacle:)``.
        case gather
        /// It is asked in a later round.
        case later
        case refuse(BackendQuestion.Answer)
    }

    struct Gathered {
        /// Not asked, with what their server is told.
        var refused: [(BackendQuestion, BackendQuestion.Answer)] = []
        /// The turn that is answered with these questions.
        var parked: (turn: AgentTurn, asked: [Asked], round: UInt32)?
    }

    enum Resumption {
        /// Give the answers out, then look what else there is.
        case resumed([(Asked, BackendQuestion.Answer)], progress: ByteBuffer?, outcome: Outcome?, asksAgain: Bool)
        case malformed(String)
        /// It waits for no answer, or for those of another round.
        case notParked
    }

    private(set) var turn: AgentTurn?
    private var open: [Asked] = []
    private var lastNumber: UInt32 = 0
    /// The round that the agent has been given last.
    private(set) var round: UInt32 = 0
    private var isGathering = false
    private(set) var isOver = false
    private var outcome: Outcome?
    private var progress: ByteBuffer?
    private let maxOpen: Int

    init(turn: AgentTurn, maxOpen: Int) {
        self.turn = turn
        self.maxOpen = maxOpen
    }

    var isParked: Bool { turn == nil && !isOver }

    mutating func ask(_ kind: QuestionKind, _ question: BackendQuestion) -> Asking {
        guard !isOver, outcome == nil else { return .refuse(Refusals.unreachable) }
        if let turn, let missing = ParkingState.missing(question, turn) { return .refuse(Refusals.undeclared(missing)) }
        guard open.count < maxOpen else { return .refuse(Refusals.tooMany) }
        lastNumber &+= 1
        open.append(Asked(number: lastNumber, kind: kind, question: question))
        guard turn != nil, !isGathering else { return .later }
        isGathering = true
        return .gather
    }

    mutating func withdrawn(_ question: BackendQuestion) { open.removeAll { $0.question === question } }

    /// The time to gather is over.
    /// - Parameter obstacle: why no more calls can be parked; nil when this one can.
    mutating func gathered(obstacle: String?) -> Gathered {
        isGathering = false
        var gathered = Gathered()
        guard let turn, !isOver, outcome == nil else { return gathered }
        var asked: [Asked] = []
        for one in open where one.question.isOpen {
            // A later turn may have declared less than the one before.
            if let missing = ParkingState.missing(one.question, turn) {
                gathered.refused.append((one.question, Refusals.undeclared(missing)))
            } else if let obstacle {
                gathered.refused.append((one.question, one.question.unanswered(obstacle)))
            } else {
                asked.append(one)
            }
        }
        open = asked
        guard !asked.isEmpty else { return gathered }
        round &+= 1
        self.turn = nil
        progress = nil
        gathered.parked = (turn, asked, round)
        return gathered
    }

    /// The agent is back with its answers.
    /// - Parameter answers: `inputResponses`; nil when there are none.
    mutating func resume(_ turn: AgentTurn, round: UInt32, answers: JSONMembers?) -> Resumption {
        guard isParked, round == self.round else { return .notParked }
        var given: [(Asked, BackendQuestion.Answer)] = []
        for asked in open {
            guard let field = answers?.fields.list.first(where: { answers?.isKey($0, asked.key) == true }),
                let slice = answers?.slice(field)
            else { continue }
            guard let members = JSONMembers(slice) else { return .malformed("\"\(asked.key)\" must be an object") }
            if let fault = asked.kind.fault(members) { return .malformed("\"\(asked.key)\" \(fault)") }
            given.append((asked, .result(slice)))
        }
        let numbers = Set(given.map(\.0.number))
        open.removeAll { numbers.contains($0.number) || !$0.question.isOpen }
        self.turn = turn
        let ended = outcome.take()
        isOver = ended != nil
        isGathering = ended == nil && !open.isEmpty
        return .resumed(given, progress: progress.take(), outcome: ended, asksAgain: isGathering)
    }

    /// - Returns: the turn that gets the outcome; nil when it waits for the agent, or nobody wants it any more.
    mutating func ended(_ outcome: Outcome) -> AgentTurn? {
        guard !isOver else { return nil }
        guard let turn else {
            self.outcome = outcome
            return nil
        }
        isOver = true
        return turn
    }

    /// - Returns: where progress goes now; nil while parked, when only the newest is kept.
    mutating func progressed(_ members: ByteBuffer) -> ProgressNotices? {
        guard !isOver else { return nil }
        if let turn { return turn.progress }
        progress = members
        return nil
    }

    /// The agent has not come back in time, or the gateway stops.
    /// - Parameter round: the round that it was given; nil for any.
    /// - Returns: what is not answered any more; nil when the call is not parked any more.
    mutating func giveUp(round: UInt32?) -> [Asked]? {
        guard isParked, round == nil || round == self.round else { return nil }
        isOver = true
        outcome = nil
        defer { open = [] }
        return open
    }

    private static func missing(_ question: BackendQuestion, _ turn: AgentTurn) -> ClientCapabilities? {
        let missing = question.needs.subtracting(.samplingContext).subtracting(turn.capabilities)
        return missing.isEmpty ? nil : missing
    }
}
