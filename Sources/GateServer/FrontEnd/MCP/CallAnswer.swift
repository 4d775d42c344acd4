import GateBackend
import GateProtocol
import NIOCore

/// From the outcome of a call to what its caller is answered.
enum CallAnswer {
    static func reply(_ reply: CallReply, to planned: PlannedCall, _ context: MCPContext, _ id: ByteBuffer) -> RPCReply
    {
        do throws(GateError) {
            return try ResultForm.reply(reply, id: id, version: context.version)
        } catch {
            return failure(error, of: planned, context, id)
        }
    }

    static func failure(_ error: GateError, of planned: PlannedCall, _ context: MCPContext, _ id: ByteBuffer)
        -> RPCReply
    {
        if case .resource(let uri) = planned.call.operation,
            let missing = MissingResource.reply(error, uri: uri, id: id, era: context.era)
        {
            return missing
        }
        if !planned.isIndirect, let refused = CallMeta.relayedError(error) { return .error(refused, id: id) }
        switch planned.call.operation {
        case .tool: return ToolOutcome.failure(error, id: id, era: context.era)
        case .prompt, .resource, .completion:
            return .error(error.code.traits.rpcCode, error.message, id: id, data: error.json.text)
        }
    }
}
