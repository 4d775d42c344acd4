import GateBackend
import GateHTTP
import GateProtocol
import NIOCore
import NIOHTTP1

/// Listing and calling tools, for both eras.
extension MCPFrontEnd {
    /// The whole catalog in one page: the kept bytes of the backends' tools between the gateway's own text.
    func listing(_ message: WireMessage, _ scope: Visibility, _ era: ProtocolEra, _ id: ByteBuffer) -> RPCReply {
        if let cursor = message.param("cursor"), !cursor.isNull {
            return .error(
                RPCCode.invalidParams, "There is no such page: the list comes whole. Ask again without \"cursor\".",
                id: id)
        }
        let listed = services.toolListing(scope, era: era)
        var opening = RPCReply.opening(id)
        opening.writeStaticString("{\"tools\":")
        let length = listed.readableBytes - 1
        // "[]" is two bytes: then the own tools need no comma before them.
        guard length > 1, let head = listed.getSlice(at: listed.readerIndex, length: length) else {
            opening.writeStaticString("[")
            return RPCReply(parts: [opening, GatewayTools.listingEnd(era, isFirst: true)])
        }
        return RPCReply(parts: [opening, head, GatewayTools.listingEnd(era, isFirst: false)])
    }

    /// The refusal of an endpoint whose servers all do not exist, most likely misspelt.
    func unknownScope(_ scope: Visibility, _ id: ByteBuffer) -> RPCReply? {
        guard case .servers(let names) = scope, !names.isEmpty, services.serverNames(scope).isEmpty else { return nil }
        let wanted = names.prefix(8).joined(separator: ", ")
        return .error(
            RPCCode.invalidRequest, "There is no server '\(wanted)'. GET /server/list shows which there are.", id: id,
            status: .notFound)
    }

    func unknownMethod(_ message: WireMessage, _ id: ByteBuffer, status: HTTPResponseStatus) -> RPCReply {
        let method = message.envelope.method.map { String(decoding: message.bytes($0.content), as: UTF8.self) } ?? ""
        return .error(RPCCode.methodNotFound, "Method not found: \(method)", id: id, status: status)
    }

    /// Calls a tool and sends the answer: plain JSON unless the caller wants progress and there is some.
    func answerCall(
        _ message: WireMessage, _ context: MCPContext, _ request: HTTPRequest, _ exchange: HTTPExchange,
        _ id: ByteBuffer, _ canceller: CallCanceller
    ) async {
        guard let token = message.meta(MCPMeta.progressToken), token.isString || token.isNumber,
            MediaTypes.accepts("text/event-stream", request.headers)
        else {
            let reply = await canceller.run { await callTool(message, context, id, listener: nil) }
            return send(reply, on: exchange)
        }
        let channel = HTTPReplyChannel(exchange: exchange, streams: streams)
        let progress = ProgressNotices(token: message.slice(token.value), channel: channel)
        let reply = await canceller.run {
            let listener = CallListener(wantsProgress: true) { event in
                if case .progress(let members) = event { progress.send(members) }
            }
            return await callTool(message, context, id, listener: listener)
        }
        channel.finish(reply)
    }

    func callTool(
        _ message: WireMessage, _ context: MCPContext, _ id: ByteBuffer,
        listener: CallListener?
    ) async -> RPCReply {
        guard let name = message.string(message.param("name")) else {
            return .error(RPCCode.invalidParams, "tools/call needs params.name (a string).", id: id)
        }
        var arguments: ByteBuffer?
        if let field = message.param("arguments"), !field.isNull {
            guard field.isObject else {
                return .error(RPCCode.invalidParams, "params.arguments must be an object.", id: id)
            }
            arguments = message.slice(field.value)
        }
        var context = context
        switch CallMeta.timeout(message) {
        case .success(let given):
            // The shorter of the header's and this one.
            if let given { context.timeout = min(given, context.timeout ?? given, options.maxCallTimeout) }
        case .failure(let fault): return fault.reply(id)
        }
        let meta = CallMeta.passedOn(message)
        if let tool = GatewayTools.Name(rawValue: name) {
            if services.isDraining { return ToolOutcome.failure(MCPFrontEnd.draining, id: id, era: context.era) }
            return await tools.run(tool, arguments, meta, context, id, listener: listener)
        }
        let call: GatewayCall
        do throws(GateError) {
            let target = try services.resolve(name, context.scope)
            if let field = context.mismatch(services, target, arguments) {
                return .error(
                    RPCCode.headerMismatch, "The header \(field) does not say what the arguments say.", id: id,
                    status: .badRequest)
            }
            call = GatewayCall(
                target: target, arguments: arguments, meta: meta, caller: context.caller(services),
                timeout: context.timeout,
                listener: listener)
        } catch {
            return .error(error.code.traits.rpcCode, error.message, id: id, data: error.json.text)
        }
        do throws(GateError) {
            return try ResultForm.reply(try await services.call(call), id: id, era: context.era)
        } catch {
            if let refused = CallMeta.relayedError(error) { return .error(refused, id: id) }
            return ToolOutcome.failure(error, id: id, era: context.era)
        }
    }

    private static let draining = GateError(
        .draining, "stonegate is stopping and takes no new calls. The call was not sent.", retryAfter: 5)
}
