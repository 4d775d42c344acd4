import NIOHTTP1
import GateBackend
import GateHTTP
import GateProtocol
import NIOCore

/// Requests of 2026-07-28: each stands alone.
extension MCPFrontEnd {
    func modern(
        _ message: WireMessage, _ request: HTTPRequest, _ exchange: HTTPExchange, _ scope: Visibility
    ) async {
        guard message.envelope.kind == .request, let field = message.envelope.id else {
            // The revision defines no notice over HTTP; accepting one harms nobody.
            exchange.send(status: .accepted)
            return
        }
        let id = message.slice(field.value)
        if let refusal = ModernRules.refusal(message, request.headers, id: id) { return send(refusal, on: exchange) }
        switch method(message, scope) {
        case .call: await modernCall(message, request, exchange, scope, id)
        case .list(let kind): send(listing(kind, message, scope, .newest, id), on: exchange)
        case .discover:
            if let refusal = unknownScope(scope, id) { return send(refusal, on: exchange) }
            send(.result(id, endingWith: introduction(scope, kinds(request)).discoverResult), on: exchange)
        case .listen: await listen(message, request, exchange, scope, id)
        case .task:
            if let reply = await modernTaskReply(message, request, scope, id) { return send(reply, on: exchange) }
            send(unknownMethod(message, id, status: .notFound), on: exchange)
        case .initialize, .ping, .session, nil: send(unknownMethod(message, id, status: .notFound), on: exchange)
        }
    }

    private func modernCall(
        _ message: WireMessage, _ request: HTTPRequest, _ exchange: HTTPExchange, _ scope: Visibility, _ id: ByteBuffer
    ) async {
        let timeout: Duration?
        switch self.timeout(request.headers) {
        case .success(let given): timeout = given
        case .failure(let fault): return send(fault.reply(id), on: exchange)
        }
        let context = MCPContext(
            version: .newest, session: nil, agent: modernAgent(message, request.headers), scope: scope,
            capabilities: message.value(message.meta(MCPMeta.clientCapabilities)).map { ClientCapabilities($0) } ?? [],
            logLevel: message.string(message.meta(MCPMeta.logLevel)).flatMap { LogLevel(name: $0) },
            timeout: timeout, headers: request.headers)
        let canceller = CallCanceller()
        // In this era a client that closes the answer's stream cancels the call.
        exchange.onClose { _ in canceller.cancel() }
        await answerCall(message, context, request, exchange, id, canceller)
    }

    func modernAgent(_ message: WireMessage, _ headers: HTTPRequestFields) -> String {
        if let given = AgentName.given(headers) { return given }
        guard let info = message.meta(MCPMeta.clientInfo), info.isObject,
            let name = JSONMembers(message.slice(info.value))?.string("name")
        else { return AgentName.anonymous }
        return AgentName.bounded(name.utf8) ?? AgentName.anonymous
    }
}
