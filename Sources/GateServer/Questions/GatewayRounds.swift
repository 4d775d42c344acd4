import GateBackend
import GateProtocol

/// Calls for callers that know nothing of `input_required` (2026-07-28): the gateway makes the further rounds.
struct GatewayRounds {
    let services: any GatewayServices
    var options = MCPOptions()

    /// - Parameter asker: asks the caller; nil for one that cannot be asked, whose forms count as cancelled.
    func call(_ call: GatewayCall, _ asker: SessionAsker?) async throws(GateError) -> CallReply {
        let reply = try await services.call(call)
        guard call.operation.mayAsk, InterimResult.matches(reply) else { return reply }
        return try await goOn(call, after: reply, asker)
    }

    private func goOn(
        _ call: GatewayCall, after first: CallReply, _ asker: SessionAsker?
    ) async throws(GateError) -> CallReply {
        var call = call
        var reply = first
        var pause = options.roundPause
        let timeout = call.timeout
        var spent = Duration.zero
        for _ in 0..<options.maxRounds {
            spent += reply.duration
            // The caller's time is for the backends' work, not for people's.
            if let timeout { call.timeout = max(timeout - spent, .milliseconds(1)) }
            let interim = try InterimResult(reply)
            let responses =
                if let asker {
                    try await asker.answers(interim)
                } else {
                    try MadeRound.responses(interim, interim.requests.map { _ in nil })
                }
            if interim.requests.isEmpty {
                // The backend only wants to be asked again. A task that is cancelled meanwhile learns it from the call.
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(2))
            }
            call.round = CallRound(responses: responses, state: interim.stateText)
            reply = try await services.call(call)
            guard InterimResult.matches(reply) else { return reply }
        }
        throw InterimResult.broken(reply, "it asked for input more than \(options.maxRounds) times")
    }
}
