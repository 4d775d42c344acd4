import Synchronization
import GateBackend
import GateCore
import GateHTTP
import GateProtocol
import NIOCore
import NIOHTTP1

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

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
        if MCPFrontEnd.isCall(message) {
            await legacyCall(message, context, request, exchange, id)
        } else {
            send(legacyAnswer(message, context, id), on: exchange)
        }
    }

    private func initialize(
        _ message: WireMessage, _ request: HTTPRequest, _ exchange: HTTPExchange, _ scope: Visibility, _ id: ByteBuffer
    ) {
        if refusesWhileDraining(id, on: exchange) { return }
        guard let requested = message.string(message.param("protocolVersion")) else {
            return send(
                .error(RPCCode.invalidParams, "initialize needs params.protocolVersion.", id: id), on: exchange)
        }
        if let refusal = unknownScope(scope, id) { return send(refusal, on: exchange) }
        guard services.takesSessions else {
            return refuse(
                .serviceUnavailable,
                "stonegate holds nearly as many bytes as limits.buffered_bytes allows and takes no new sessions. Try again later.",
                code: ErrorCode.overloaded.traits.rpcCode, id: id, on: exchange, headers: ["Retry-After": "5"])
        }
        var agent = request.headers.bytes(of: AgentName.header).flatMap { AgentName.bounded($0) }
        if agent == nil, let info = message.param("clientInfo"), info.isObject {
            agent = JSONMembers(message.slice(info.value))?.string("name").flatMap { AgentName.bounded($0.utf8) }
        }
        var random = SystemRandomNumberGenerator()
        let session = MCPSession(
            id: .init(high: random.next(), low: random.next()), version: LegacyRules.negotiated(requested),
            agent: agent ?? AgentName.anonymous,
            capabilities: message.value(message.param("capabilities")).map { ClientCapabilities($0) } ?? [],
            issued: Int64(time(nil)))
        guard let sealed = sealer.seal(session) else {
            return send(
                .error(RPCCode.internalError, "The session's id could not be signed. Try again.", id: id), on: exchange)
        }
        let result = ByteBuffer(string: LegacyRules.initializeResult(session.version))
        var headers = MCPText.jsonHeaders
        headers.add(name: LegacyRules.sessionHeader, value: sealed)
        exchange.send(status: .ok, headers: headers, body: RPCReply.result(id, endingWith: result).parts)
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
        guard let session = session(sealed) else {
            refuse(.notFound, LegacyRules.terminated, id: id, on: exchange)
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
        let agent = request.headers.bytes(of: AgentName.header).flatMap { AgentName.bounded($0) } ?? session.agent
        return MCPContext(
            version: session.version, session: session, agent: agent, scope: scope, capabilities: session.capabilities,
            timeout: timeout)
    }

    private func session(_ sealed: ArraySlice<UInt8>) -> MCPSession? {
        guard let session = sealer.open(sealed), !ended.withLock({ $0.contains(session.id) }) else { return nil }
        return session
    }

    /// Takes in what needs no answer: notices, and answers to requests that the gateway never sends.
    func accept(_ message: WireMessage, _ context: MCPContext) {
        guard message.envelope.kind == .notification, message.isMethod(MCPMethod.cancelled),
            let session = context.session, let field = message.param("requestId")
        else { return }
        let key = CallTable.Key(session: session.id, request: message.slice(field.value))
        calls.withLock { $0.find(key) }?.cancel()
    }

    /// The answer to any request of a session that no backend carries out.
    func legacyAnswer(_ message: WireMessage, _ context: MCPContext, _ id: ByteBuffer) -> RPCReply {
        if message.isMethod(MCPMethod.toolsList) { return listing(message, context.scope, .legacy, id) }
        if message.isMethod(MCPMethod.ping) { return .result(id, endingWith: ByteBuffer(string: "{}}")) }
        return unknownMethod(message, id, status: .ok)
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
        calls.withLock { $0.add(canceller, key) }
        defer { calls.withLock { $0.remove(canceller, key) } }
        return await body()
    }

    // MARK: GET and DELETE

    /// The stream of a session's notices.
    func openSessionStream(_ request: HTTPRequest, _ exchange: HTTPExchange, _ scope: Visibility) {
        guard MediaTypes.names("text/event-stream", request.headers),
            request.headers.contains(LegacyRules.sessionHeader)
        else { return refuseMethod(exchange) }
        guard let context = legacyContext(request, exchange, scope, nil), let session = context.session else { return }
        if refusesWhileDraining(nil, on: exchange) { return }
        guard streams.hasRoom, services.takesSessions else {
            return refuse(
                .serviceUnavailable, "Too many event streams are open. Try again later.", on: exchange,
                headers: ["Retry-After": "30"])
        }
        let stream = exchange.startStream(status: .ok, headers: MCPText.eventStreamHeaders)
        keep(
            .init(stream: stream, visibility: scope, session: session.id, notice: MCPText.toolsChanged), exchange)
    }

    func endSession(_ request: HTTPRequest, _ exchange: HTTPExchange) {
        guard let sealed = request.headers.bytes(of: LegacyRules.sessionHeader) else { return refuseMethod(exchange) }
        guard let session = session(sealed) else { return refuse(.notFound, LegacyRules.terminated, on: exchange) }
        ended.withLock { $0.end(session.id) }
        streams.end(session: session.id)
        services.sessionEnded(.session(high: session.id.high, low: session.id.low))
        exchange.send(status: .ok)
    }
}
