import GateBackend
import GateProtocol
import NIOCore

/// From the outcome of a call to what its caller is answered, where that can be another round.
struct CallAnswerer: Sendable {
    let services: any GatewayServices
    let sealer: StateSealer
    let options: MCPOptions

    func reply(
        _ outcome: Result<CallReply, GateError>, to planned: PlannedCall, _ context: MCPContext, _ id: ByteBuffer
    ) -> RPCReply {
        switch outcome {
        case .success(let reply):
            guard InterimResult.matches(reply) else {
                return CallAnswer.reply(reply, to: planned, context, id, uris: uris(reply, context))
            }
            do throws(GateError) {
                return CallAnswer.reply(try interim(reply, planned, context), to: planned, context, id)
            } catch {
                return CallAnswer.failure(error, of: planned, context, id)
            }
        case .failure(let error):
            if let pages = URLElicitations(error) { return reply(pages, error, planned, context, id) }
            return CallAnswer.failure(error, of: planned, context, id)
        }
    }

    /// Only of servers that share URIs with others, which are few.
    private func uris(_ reply: CallReply, _ context: MCPContext) -> ExposedURIs? {
        guard services.hasDisplacedURIs(reply.server), !context.scope.isOneServer else { return nil }
        return ExposedURIs { uri in
            services.exposedURI(ResourceTarget(server: reply.server, uri: uri), context.scope)
        }
    }

    /// Passes `input_required` on; the backend's state is wrapped, so that no other agent and no other call can use it.
    private func interim(
        _ reply: CallReply, _ planned: PlannedCall, _ context: MCPContext
    ) throws(GateError) -> CallReply {
        guard planned.call.operation.mayAsk else {
            throw InterimResult.broken(reply, "it answered with input_required, which this request does not have")
        }
        guard context.era == .modern else {
            throw InterimResult.broken(reply, "it answered with input_required, which your MCP revision does not have")
        }
        let interim = try InterimResult(reply)
        let undeclared = interim.undeclared(context.capabilities)
        guard undeclared.isEmpty else {
            throw InterimResult.broken(reply, "it asks for \(undeclared.words), which the agent has not declared")
        }
        guard let state = interim.stateText else { return reply }
        return try interim.replacingState(seal(.wrapped(Array(buffer: state)), planned), limits: options.json)
    }

    private func reply(
        _ pages: URLElicitations, _ error: GateError, _ planned: PlannedCall, _ context: MCPContext, _ id: ByteBuffer
    ) -> RPCReply {
        guard context.capabilities.known(to: context.version).contains(.elicitationURL) else {
            return CallAnswer.failure(pages.error(error), of: planned, context, id)
        }
        guard context.era == .modern else { return .error(ByteBuffer(bytes: error.detail ?? []), id: id) }
        guard planned.pagesShown < UInt8(clamping: options.maxRounds) else {
            return CallAnswer.failure(pages.error(error), of: planned, context, id)
        }
        return pages.reply(state: seal(.urls(attempt: planned.pagesShown + 1), planned), id: id)
    }

    private func seal(_ content: StateSealer.Content, _ planned: PlannedCall) -> ByteBuffer {
        let expiry = WallClock.milliseconds() / 1_000 + Int(options.stateLifetime.components.seconds)
        return sealer.seal(content, for: planned.call, expiry: expiry)
    }
}
