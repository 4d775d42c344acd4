import GateBackend
import GateProtocol

/// What servers are told when a question is not passed on.
enum Refusals {
    static func undeclared(_ missing: ClientCapabilities) -> BackendQuestion.Answer {
        .error(code: RPCCode.methodNotFound, message: "The agent of this call has not declared \(missing.words).")
    }

    static let unreachable = BackendQuestion.Answer.error(
        code: RPCCode.internalError, message: "The agent of this call cannot be reached.")
    static let tooMany = BackendQuestion.Answer.error(
        code: RPCCode.internalError, message: "Too many questions of this call are open.")
    static let stopping = "stonegate is stopping."
    static let noRoom = "Too many calls wait for answers of their users. Try again later."
    static let late = "There was no answer in time."
}

/// The id of an elicitation by URL, which 2025-11-25 demands and other revisions do not have.
enum ElicitationID {
    @Sendable static func make() -> String {
        let number = UInt64.random(in: .min ... .max)
        let hex = String(number, radix: 16)
        return "stonegate-" + String(repeating: "0", count: 16 - hex.count) + hex
    }
}
