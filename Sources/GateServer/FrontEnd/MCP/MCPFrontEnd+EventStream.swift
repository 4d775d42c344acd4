import NIOHTTP1
import GateBackend
import GateCore
package import GateHTTP
import GateProtocol
import NIOCore
import Synchronization

/// The transport of 2024-11-05: a GET whose stream carries everything to the client, and POSTs to an address that the stream names.
extension MCPFrontEnd {
    static let messagesPath = "/messages"
    static let sessionItem = "session_id"

    /// Begins a session with its stream.
    package func openEventStream(_ request: HTTPRequest, on exchange: HTTPExchange, scope: Visibility) {
        guard MediaTypes.accepts("text/event-stream", request.headers) else {
            return refuse(.notAcceptable, "Send \"Accept: text/event-stream\".", on: exchange)
        }
        if refusesWhileDraining(nil, on: exchange) { return }
        guard services.takesSessions else { return refuseStream(NoticeStreams.full, exchange) }
        let agent = AgentName.given(request.headers)
        if let refusal = streams.refusal(for: agent) { return refuseStream(refusal, exchange) }
        var random = SystemRandomNumberGenerator()
        let id = MCPSession.ID(high: random.next(), low: random.next())
        let placeholder = MCPSession(
            id: id, version: .v2024_11_05, agent: agent ?? AgentName.anonymous, isBound: agent != nil,
            issued: Int64(WallClock.milliseconds() / 1_000), run: sessions.run)
        let sealed = sealer.seal(placeholder)
        let stream = exchange.startStream(status: .ok, headers: MCPText.eventStreamHeaders)
        let client = EventStreamClient(
            id: id, scope: scope, kinds: kinds(request), agent: agent, stream: stream)
        clients.withLock { $0[id] = client }
        stream.write(
            ByteBuffer(
                string: "event: endpoint\ndata: \(MCPFrontEnd.messagesPath)?\(MCPFrontEnd.sessionItem)=\(sealed)\n\n"))
        let entry = NoticeStreams.Entry(
            outlet: client, visibility: scope, kinds: kinds(request), agent: agent.map { ExactText($0) })
        guard let number = streams.add(entry) else {
            clients.withLock { $0[id] = nil }
            return
        }
        exchange.onClose { [self] _ in
            streams.remove(number)
            ended(client)
        }
        exchange.onShutdown { [self] in
            streams.end(number)
            ended(client)
        }
    }

    private func ended(_ client: EventStreamClient) {
        clients.withLock { $0[client.id] = nil }
        if client.live != nil { _ = sessions.end(client.id) }
    }

    /// Takes one message of such a client; its answer goes on the stream.
    package func postMessage(_ request: HTTPRequest, on exchange: HTTPExchange, session sealed: String?) async {
        guard MediaTypes.isJSON(request.headers) else {
            return refuse(.unsupportedMediaType, "Send \"Content-Type: application/json\".", on: exchange)
        }
        guard let sealed, !sealed.utf8.isEmpty else {
            return refuse(
                .badRequest,
                "The address needs \(MCPFrontEnd.sessionItem): the first event of GET /sse names the whole address.",
                on: exchange)
        }
        guard let session = sealer.open(Array(sealed.utf8)[...]), isOwner(session, request.headers),
            let client = clients.withLock({ $0[session.id] })
        else { return refuse(.notFound, LegacyRules.terminated, on: exchange) }
        let message: WireMessage
        do throws(EnvelopeFault) {
            message = try WireMessage(request.body, limits: options.json)
        } catch {
            return send(MCPFrontEnd.refusal(error, in: request.body), on: exchange)
        }
        if let fault = MCPFrontEnd.idFault(message) { return send(fault, on: exchange) }
        exchange.send(
            status: .accepted, headers: ["Content-Type": "text/plain"], body: [ByteBuffer(string: "Accepted")])
        let id = message.envelope.id.map { message.slice($0.value) }
        let isRequest = message.envelope.kind == .request
        if isRequest, let id, message.isMethod(MCPMethod.initialize) { return begin(client, message, request, id) }
        guard let live = client.live else {
            guard isRequest, let id else { return }
            _ = client.send(RPCReply.error(RPCCode.invalidRequest, "Send initialize first.", id: id).parts)
            return
        }
        let timeout: Duration?
        switch self.timeout(request.headers) {
        case .success(let given): timeout = given
        case .failure(let fault):
            if isRequest, let id { _ = client.send(fault.reply(id).parts) }
            return
        }
        let context = legacyContext(live, request.headers, client.scope, timeout)
        guard isRequest, let id else { return accept(message, context) }
        await answer(message, context, request, exchange, id)
    }

    private func begin(_ client: EventStreamClient, _ message: WireMessage, _ request: HTTPRequest, _ id: ByteBuffer) {
        guard client.live == nil else {
            _ = client.send(RPCReply.error(RPCCode.invalidRequest, "The session has begun already.", id: id).parts)
            return
        }
        switch newSession(message, request.headers, client.id, client.scope, id) {
        case .failure(let refusal): _ = client.send(refusal.reply.parts)
        case .success(let session):
            guard
                let live = sessions.begin(
                    session, client: client, share: sessionShare(request.headers), now: .now)
            else {
                _ = client.send(SessionRefusal.full(id).reply.parts)
                return
            }
            client.begin(live)
            live.enter()
            let result = introduction(client.scope, client.kinds).initializeResult(session.version)
            _ = client.send(RPCReply.result(id, endingWith: result).parts)
            // Its stream may have ended meanwhile.
            if clients.withLock({ $0[client.id] }) == nil { _ = sessions.end(client.id) }
        }
    }
}
