import GateBackend
import GateProtocol
import NIOCore

/// What a request of 2026-07-28 carries of an earlier round of the same call.
enum Retry {
    case none
    /// The backend gets another round.
    case round(CallRound)
    /// The user was asked to open pages, so many times: the call is made again.
    case pages(attempt: UInt8, refused: Bool)
    /// The agent is back at a parked call.
    case parked(ParkedCall.ID, round: UInt32, answers: JSONMembers?)
    /// It cannot be used; in words.
    case unusable(String)

    /// - Parameters:
    ///   - call: the call that the request asks for.
    ///   - now: seconds since 1970.
    init(_ message: WireMessage, of call: GatewayCall, _ sealer: StateSealer, now: Int) {
        let state = message.param("requestState").flatMap { $0.isNull ? nil : $0 }
        let given = message.param("inputResponses").flatMap { $0.isNull ? nil : $0 }
        guard state != nil || given != nil, call.operation.mayAsk else {
            self = .none
            return
        }
        var answers: JSONMembers?
        if let given {
            guard given.isObject, let members = JSONMembers(message.slice(given.value)),
                members.fields.list.allSatisfy(\.isObject)
            else {
                self = .unusable("inputResponses must be an object whose members are objects.")
                return
            }
            answers = members
        }
        guard let state else {
            self = .round(CallRound(responses: answers?.text, state: nil))
            return
        }
        guard state.isString else {
            self = .unusable("requestState must be the string that came with the questions.")
            return
        }
        do throws(StateSealer.Fault) {
            switch try sealer.open(message.bytes(state.content), for: call, now: now) {
            case .wrapped(let text):
                self = .round(CallRound(responses: answers?.text, state: ByteBuffer(bytes: text)))
            case .urls(let attempt): self = .pages(attempt: attempt, refused: URLElicitations.isRefused(answers))
            case .parked(let id, let round): self = .parked(id, round: round, answers: answers)
            }
        } catch {
            switch error {
            case .foreign:
                self = .unusable(
                    "This requestState was not given by stonegate for this agent and this call with these arguments. "
                        + "Send it exactly as it came, beside the same arguments.")
            case .expired:
                self = .unusable("The time of this requestState is over. Make the call again without it.")
            }
        }
    }
}
