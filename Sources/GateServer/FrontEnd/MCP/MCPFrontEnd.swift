package import GateHTTP
import GateBackend
import GateProtocol
package import NIOCore
import NIOHTTP1
import Synchronization

/// The gateway as an MCP server over streamable HTTP, for clients of both eras on the same address.
///
/// Whoever routes requests has checked Host and Origin before; methods, content types and bodies are checked here. Legacy
/// sessions are nothing but their signed ids, modern requests stand alone, so the only state is what is open at the moment:
/// streams, calls, and the ids of sessions that were ended.
package final class MCPFrontEnd: Sendable {
    let services: any GatewayServices
    let sealer: SessionSealer
    let options: MCPOptions
    let streams: NoticeStreams
    let calls = Mutex(CallTable())
    let ended: Mutex<EndedSessions>
    let tools: GatewayTools

    /// - Parameters:
    ///   - sealer: signs the ids of sessions.
    ///   - group: where the one timer that keeps streams alive runs.
    package init(
        services: any GatewayServices, sealer: SessionSealer, group: any EventLoopGroup,
        options: MCPOptions = MCPOptions()
    ) {
        self.services = services
        self.sealer = sealer
        self.options = options
        streams = NoticeStreams(services: services, options: options)
        ended = Mutex(EndedSessions(limit: options.maxEndedSessions))
        tools = GatewayTools(services: services)
        streams.run(on: group.next(), every: options.keepAlive)
    }

    /// Answers one request to an MCP path.
    /// - Parameter scope: the servers that the path or the query names.
    package func respond(to request: HTTPRequest, on exchange: HTTPExchange, scope: Visibility) async {
        switch request.method {
        case .POST: await post(request, exchange, scope)
        case .GET: openSessionStream(request, exchange, scope)
        case .DELETE: endSession(request, exchange)
        default: refuseMethod(exchange)
        }
    }

    /// Ends all event streams in the protocol's way; calls in flight are answered as usual.
    package func shutdown() { streams.close() }

    /// Sends a comment on every open stream at once, as the timer does.
    package func keepAlive() { streams.keepAlive() }

    /// Event streams that are open.
    package var openStreams: Int { streams.count }

    // MARK: Answers

    func send(_ reply: RPCReply, on exchange: HTTPExchange) {
        exchange.send(status: reply.status, headers: MCPText.jsonHeaders, body: reply.parts)
    }

    /// - Returns: whether the request was refused because the gateway is stopping.
    func refusesWhileDraining(_ id: ByteBuffer?, on exchange: HTTPExchange) -> Bool {
        guard services.isDraining else { return false }
        refuse(
            .serviceUnavailable, "stonegate is stopping. Connect again when it has been restarted.",
            code: ErrorCode.draining.traits.rpcCode, id: id, on: exchange, headers: ["Retry-After": "5"])
        return true
    }

    /// A refusal before there is a request to answer.
    func refuse(
        _ status: HTTPResponseStatus, _ message: String, code: Int = RPCCode.invalidRequest, id: ByteBuffer? = nil,
        on exchange: HTTPExchange, headers: HTTPHeaders = [:]
    ) {
        var all = MCPText.jsonHeaders
        all.add(contentsOf: headers)
        exchange.send(status: status, headers: all, body: RPCReply.error(code, message, id: id).parts)
    }

    func refuseMethod(_ exchange: HTTPExchange) {
        refuse(
            .methodNotAllowed,
            "MCP requests are POSTs here. GET needs a session and \"Accept: text/event-stream\"; DELETE ends a session.",
            on: exchange, headers: ["Allow": "POST, GET, DELETE"])
    }
}
