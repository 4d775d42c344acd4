import GateBackend
import GateCore
import GateProtocol

/// Calls under an idempotency key whose callers wait.
extension Gateway {
    /// Carries a call out as one that is kept, so that it is carried out once however often it is sent, and waits for its end. Should
    /// the caller leave, the call goes on: whoever comes back with the key gets the answer.
    func once(_ call: GatewayCall) async throws(GateError) -> CallReply {
        var call = call
        // Somebody waits: what bounds other calls bounds this one too.
        if call.timeout == nil {
            call.timeout = registry.entry(call.server)?.backend.settings.requestTimeout
        }
        let owner = call.caller.owner
        let view = try await asyncCalls.submit(call, owner: owner)
        let ended = try await asyncCalls.wait(view.id, for: [owner])
        switch ended?.outcome {
        case .reply(let reply)?: return reply
        case .error(let error)?: throw error
        case nil:
            throw GateError(
                .outcomeUnknown,
                "The call goes on, or is carried out when stonegate runs again; nobody waits for it any more. Send it again under the "
                    + "same idempotency key to get its outcome, or ask for call \(view.id).", server: call.server,
                tool: call.target.tool, sent: true)
        }
    }
}
