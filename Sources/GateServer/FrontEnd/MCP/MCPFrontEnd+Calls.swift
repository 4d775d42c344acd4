import GateBackend
import GateHTTP
import GateProtocol
import NIOCore
import NIOHTTP1

/// Requests that backends carry out, for both eras: read, called, answered.
extension MCPFrontEnd {
    /// Whether a request is carried out by a backend, so that it can take long, be cancelled and be asked about.
    static func isCall(_ message: WireMessage) -> Bool {
        if case .call? = AgentMethod(message) { true } else { false }
    }

    /// Reads a request for which ``isCall(_:)`` holds.
    func plan(_ message: WireMessage, _ context: MCPContext, _ id: ByteBuffer) -> CallPlan {
        var context = context
        switch CallMeta.timeout(message) {
        case .success(let given):
            // The shorter of the header's and this one.
            if let given { context.timeout = min(given, context.timeout ?? given, options.maxCallTimeout) }
        case .failure(let fault): return .answered(fault.reply(id))
        }
        do throws(GateError) {
            context.key = try CallMeta.key(message)
        } catch {
            return .answered(.error(RPCCode.invalidParams, error.message, id: id))
        }
        guard case .call(let call)? = method(message, context.scope) else {
            return .answered(unknownMethod(message, id, status: .ok))
        }
        switch call {
        case .tool: return planTool(message, context, id)
        case .prompt: return planPrompt(message, context, id)
        case .resource: return planResource(message, context, id)
        case .completion: return planCompletion(message, context, id)
        }
    }

    private func planTool(_ message: WireMessage, _ context: MCPContext, _ id: ByteBuffer) -> CallPlan {
        guard let name = message.string(message.param("name")) else {
            return .answered(.error(RPCCode.invalidParams, "tools/call needs params.name (a string).", id: id))
        }
        let arguments: ByteBuffer?
        switch MCPFrontEnd.arguments(message, id) {
        case .success(let given): arguments = given
        case .failure(let fault): return .answered(fault.reply(id))
        }
        let meta = CallMeta.passedOn(message, context.headers)
        if !context.scope.isOneServer, let tool = GatewayTools.Name(rawValue: name) {
            return tools.plan(tool, arguments, meta, context, id)
        }
        do throws(GateError) {
            let target = try services.resolve(name, context.scope)
            if let field = context.mismatch(services, target, arguments) {
                return .answered(
                    .error(
                        RPCCode.headerMismatch, "The header \(field) does not say what the arguments say.", id: id,
                        status: .badRequest))
            }
            var call = GatewayCall(
                target: target, arguments: arguments, meta: meta, caller: context.caller(services),
                timeout: context.timeout)
            call.key = context.key
            return .call(PlannedCall(call: call))
        } catch {
            return .answered(.error(error.code.traits.rpcCode, error.message, id: id, data: error.json.text))
        }
    }

    /// Carries a request out and sends the answer: plain JSON unless something has to be told or asked before it.
    func answerCall(
        _ message: WireMessage, _ context: MCPContext, _ request: HTTPRequest, _ exchange: HTTPExchange,
        _ id: ByteBuffer, _ canceller: CallCanceller
    ) async {
        let plan = plan(message, context, id)
        guard case .call(let planned) = plan else {
            return reply(await canceller.run { await carryOut(plan, context, id) }, context, on: exchange)
        }
        let company = company(message, planned, context, request)
        switch context.era {
        case .modern: await modernCall(planned, message, context, request, exchange, id, canceller, company)
        case .legacy: await sessionCall(planned, context, request, exchange, id, canceller, company)
        }
    }

    /// Carries a request out without telling or asking anything before the answer.
    func carryOut(_ plan: CallPlan, _ context: MCPContext, _ id: ByteBuffer) async -> RPCReply {
        switch plan {
        case .answered(let reply): return reply
        case .own(let own): return await tools.answer(own, context, id)
        case .call(let planned):
            return answerer.reply(await outcome(of: planned, context, asker: nil), to: planned, context, id)
        }
    }
}
