import Synchronization
import GateBackend
import GateCore
import GateHTTP
import GateProtocol
import NIOCore
import NIOHTTP1

/// The revisions with `initialize` and sessions.
extension MCPFrontEnd {
    func legacy(
        _ message: WireMessage, _ request: HTTPRequest, _ exchange: HTTPExchange, _ scope: Visibility
    ) async {
        let id = message.envelope.id.map { message.slice($0.value) }
        if message.isMethod(MCPMethod.initialize), message.envelope.kind == .request, let id {
            return initialize(message, request, exchange, scope, id)
        }
        guard let context = legacyContext(request, exchange, scope, id) else { return }
        guard message.envelope.kind == .request, let id else {
            accept(message, context)
            exchange.send(status: .accepted)
            return
        }
        await answer(message, context, request, exchange, id)
    }

    func introduction(_ scope: Visibility, _ announced: CatalogKinds) -> Introduction {
        Introduction(services: services, scope: scope, announced: announced)
    }

    /// Answers a request of a session.
    func answer(
        _ message: WireMessage, _ context: MCPContext, _ request: HTTPRequest, _ exchange: HTTPExchange,
        _ id: ByteBuffer
    ) async {
        if let task = MCPFrontEnd.taskRequest(message, context.version) {
            await answerTask(task, message, context, request, exchange, id)
        } else if MCPFrontEnd.isCall(message) {
            await legacyCall(message, context, request, exchange, id)
        } else if let answer = await sessionAnswer(message, context, id) {
            reply(answer, context, on: exchange)
        } else {
            reply(legacyAnswer(message, context, id), context, on: exchange)
        }
    }

    private func initialize(
        _ message: WireMessage, _ request: HTTPRequest, _ exchange: HTTPExchange, _ scope: Visibility, _ id: ByteBuffer
    ) {
        if refusesWhileDraining(id, on: exchange) { return }
        var random = SystemRandomNumberGenerator()
        switch newSession(message, request.headers, .init(high: random.next(), low: random.next()), scope, id) {
        case .failure(let refusal): send(refusal.reply, on: exchange, refusal.headers)
        case .success(let session):
            let sealed = sealer.seal(session)
            guard sessions.begin(session, share: sessionShare(request.headers), now: .now) != nil else {
                let full = SessionRefusal.full(id)
                return send(full.reply, on: exchange, full.headers)
            }
            let result = introduction(scope, kinds(request)).initializeResult(session.version)
            var headers = MCPText.jsonHeaders
            headers.add(name: LegacyRules.sessionHeader, value: sealed)
            exchange.send(status: .ok, headers: headers, body: RPCReply.result(id, endingWith: result).parts)
        }
    }

    /// Why there is no session.
    struct SessionRefusal: Error {
        let reply: RPCReply
        var headers: HTTPHeaders = [:]

        static func full(_ id: ByteBuffer?) -> SessionRefusal {
            overloaded(
                "stonegate has as many sessions as limits.sessions, or of one agent limits.sessions_per_principal, allows, and all of them "
                    + "are in use. Try again later.",
                id)
        }

        static func overloaded(_ words: String, _ id: ByteBuffer?) -> SessionRefusal {
            SessionRefusal(
                reply: .error(ErrorCode.overloaded.traits.rpcCode, words, id: id, status: .serviceUnavailable),
                headers: ["Retry-After": "5"])
        }
    }

    /// How many sessions the sender of a request may have; nil when it is only what it calls itself.
    func sessionShare(_ headers: HTTPRequestFields) -> Int? {
        headers.identity == nil ? nil : options.maxSessionsPerAgent
    }

    /// The session that an `initialize` asks for.
    func newSession(
        _ message: WireMessage, _ headers: HTTPRequestFields, _ sessionID: MCPSession.ID, _ scope: Visibility,
        _ id: ByteBuffer
    ) -> Result<MCPSession, SessionRefusal> {
        guard let requested = message.string(message.param("protocolVersion")) else {
            return .failure(
                .init(reply: .error(RPCCode.invalidParams, "initialize needs params.protocolVersion.", id: id)))
        }
        if let refusal = unknownScope(scope, id) { return .failure(.init(reply: refusal)) }
        guard services.takesSessions else {
            return .failure(
                .overloaded(
                    "stonegate holds nearly as many bytes as limits.buffered_bytes allows and takes no new sessions. Try again "
                        + "later.", id))
        }
        let named = AgentName.given(headers)
        var agent = named
        if agent == nil, let info = message.param("clientInfo"), info.isObject {
            agent = JSONMembers(message.slice(info.value))?.string("name").flatMap { AgentName.bounded($0.utf8) }
        }
        return .success(
            MCPSession(
                id: sessionID, version: LegacyRules.negotiated(requested), agent: agent ?? AgentName.anonymous,
                isBound: named != nil,
                capabilities: message.value(message.param("capabilities")).map { ClientCapabilities($0) } ?? [],
                issued: Int64(WallClock.milliseconds() / 1_000), run: sessions.run))
    }

    /// The session of a request and what goes with it; nil when the request was refused.
    func legacyContext(
        _ request: HTTPRequest, _ exchange: HTTPExchange, _ scope: Visibility, _ id: ByteBuffer?
    ) -> MCPContext? {
        guard let sealed = request.headers.bytes(of: LegacyRules.sessionHeader) else {
            refuse(
                .badRequest,
                "Missing session id. Send initialize first and its \(LegacyRules.sessionHeader) with every request.",
                id: id, on: exchange)
            return nil
        }
        let live: LiveSession
        switch session(sealed, request.headers) {
        case .live(let found): live = found
        case .terminated:
            refuse(.notFound, LegacyRules.terminated, id: id, on: exchange)
            return nil
        case .full:
            let full = SessionRefusal.full(id)
            send(full.reply, on: exchange, full.headers)
            return nil
        }
        guard LegacyRules.permitsVersion(request.headers) else {
            let known = ProtocolVersion.legacy.map(\.rawValue).joined(separator: ", ")
            refuse(
                .badRequest, "Unsupported \(ModernRules.versionHeader). A session can use \(known).", id: id,
                on: exchange)
            return nil
        }
        let timeout: Duration?
        switch self.timeout(request.headers) {
        case .success(let given): timeout = given
        case .failure(let fault):
            refuse(.badRequest, fault.message, code: fault.code, id: id, on: exchange)
            return nil
        }
        return legacyContext(live, request.headers, scope, timeout)
    }

    func legacyContext(
        _ live: LiveSession, _ headers: HTTPRequestFields, _ scope: Visibility, _ timeout: Duration?
    ) -> MCPContext {
        let session = live.session
        let agent = AgentName.given(headers) ?? session.agent
        return MCPContext(
            version: session.version, session: session, live: live, agent: agent, scope: scope,
            capabilities: session.capabilities, logLevel: live.logLevel, timeout: timeout, headers: headers)
    }

    /// Takes in what needs no answer: notices, and answers to the gateway's questions.
    func accept(_ message: WireMessage, _ context: MCPContext) {
        guard let session = context.session else { return }
        if message.envelope.kind == .result || message.envelope.kind == .failure {
            return questions.accept(message, from: session.id)
        }
        guard message.envelope.kind == .notification, message.isMethod(MCPMethod.cancelled),
            let field = message.param("requestId")
        else { return }
        let key = CallTable.Key(session: session.id, request: message.slice(field.value))
        calls.withLock { $0.find(key) }?.cancel()
    }

    /// The answer to any request of a session that no backend carries out.
    func legacyAnswer(_ message: WireMessage, _ context: MCPContext, _ id: ByteBuffer) -> RPCReply {
        switch method(message, context.scope) {
        case .list(let kind): listing(kind, message, context.scope, context.version, id)
        case .ping: .result(id, endingWith: ByteBuffer(string: "{}}"))
        default: unknownMethod(message, id, status: .ok)
        }
    }

    private func legacyCall(
        _ message: WireMessage, _ context: MCPContext, _ request: HTTPRequest, _ exchange: HTTPExchange,
        _ id: ByteBuffer
    ) async {
        let canceller = CallCanceller()
        await cancellable(canceller, context, id) {
            await answerCall(message, context, request, exchange, id, canceller)
        }
    }

    /// Lets the session cancel the call by its id while `body` runs. A lost connection is no cancel in this era.
    func cancellable<Value>(
        _ canceller: CallCanceller, _ context: MCPContext, _ id: ByteBuffer, _ body: () async -> Value
    ) async -> Value {
        guard let session = context.session else { return await body() }
        let key = CallTable.Key(session: session.id, request: id)
        context.live?.enter()
        calls.withLock { $0.add(canceller, key) }
        defer {
            calls.withLock { $0.remove(canceller, key) }
            context.live?.leave()
        }
        return await body()
    }
}
