import GateBackend
import GateProtocol
import NIOCore

/// From the outcome of a call to what its caller is answered.
enum CallAnswer {
    static func reply(
        _ reply: CallReply, to planned: PlannedCall, _ context: MCPContext, _ id: ByteBuffer, uris: ExposedURIs? = nil
    ) -> RPCReply {
        do throws(GateError) {
            return try ResultForm.reply(
                reply, id: id, version: context.version, caching: ResultCaching(planned.call), uris: uris)
        } catch {
            return failure(error, of: planned, context, id)
        }
    }

    static func failure(_ error: GateError, of planned: PlannedCall, _ context: MCPContext, _ id: ByteBuffer)
        -> RPCReply
    {
        if case .resource(let uri) = planned.call.operation,
            let missing = MissingResource.reply(error, uri: planned.asked ?? uri, id: id, era: context.era)
        {
            return missing
        }
        switch planned.call.operation {
        case .tool:
            let refused = planned.isIndirect ? nil : RelayedError.toolReply(error, context, id)
            return refused ?? ToolOutcome.failure(error, id: id, era: context.era)
        case .prompt, .resource, .completion:
            return RelayedError.reply(error, context, id)
                ?? .error(error.code.traits.rpcCode, error.message, id: id, data: error.json.text)
        }
    }

    /// The answer for a prompt or a resource that was not found.
    static func unresolved(_ error: GateError, _ asked: String, _ context: MCPContext, _ id: ByteBuffer) -> RPCReply {
        guard error.code == .resourceNotFound, var data = error.json.objectValue else {
            return .error(error.code.traits.rpcCode, error.message, id: id, data: error.json.text)
        }
        data["uri"] = .string(asked)
        return .error(
            MissingResource.code(context.era), error.message, id: id, data: JSONValue.object(data).text)
    }
}
