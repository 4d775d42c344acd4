package import GateConfig
package import GateHTTP
import GateProtocol
package import NIOCore
package import NIOHTTP1

/// Where MCP requests go.
package protocol MCPEndpoint: Sendable {
    func respond(to request: HTTPRequest, on exchange: HTTPExchange, scope: Visibility) async
    func openEventStream(_ request: HTTPRequest, on exchange: HTTPExchange, scope: Visibility)
    func postMessage(_ request: HTTPRequest, on exchange: HTTPExchange, session: String?) async
}

extension MCPFrontEnd: MCPEndpoint {}

/// Decides, for every request, whether it may come in and who answers it. What the table does not name does not exist.
package struct GatewayResponder: HTTPResponder {
    private let services: any GatewayServices
    private let mcp: any MCPEndpoint
    private let token: AdminToken
    private let table: RouteTable
    private let requestGuard: RequestGuard
    private let isAdminOpen: Bool
    private let correlation = CorrelationIDs(seed: UInt32.random(in: 0...UInt32.max))

    package init(
        services: any GatewayServices, mcp: any MCPEndpoint, token: AdminToken, config: GatewayConfig
    ) {
        self.services = services
        self.mcp = mcp
        self.token = token
        table = RouteTable.standard(services)
        requestGuard = RequestGuard(config.server)
        isAdminOpen = config.server.unsafeOpenAdmin
    }

    package func admit(_ head: HTTPHead, peer: SocketAddress?) -> HTTPRejection? {
        let destination = table.find(head)
        if let refusal = requestGuard.refusal(head, changes: destination.changes) { return rejection(refusal) }
        switch destination {
        case .mcp, .eventStream, .messages: return nil
        case .missing:
            return rejection(
                GateError(
                    .notFound, "There is nothing at \(head.path). GET /openapi.json lists what there is.",
                    source: .caller))
        case .wrongMethod(let allowed):
            var answer = rejection(
                GateError(.methodNotAllowed, "Use \(allowed.joined(separator: " or ")) here.", source: .caller))
            answer.headers.add(name: "Allow", value: allowed.joined(separator: ", "))
            return answer
        case .route(let route, _):
            let credentials = head.headers.count(of: "Authorization")
            if route.access == .admin, !isAdminOpen,
                credentials != 1 || !token.matches(authorization: head.headers.bytes(of: "Authorization"))
            {
                var answer = rejection(
                    GateError(
                        .adminRequired,
                        "This needs the admin token. The command `stonegate token show` prints it; send it as "
                            + "`Authorization: Bearer …`. gatecall finds it by itself.", source: .caller))
                answer.headers.add(name: "WWW-Authenticate", value: "Bearer realm=\"stonegate admin\"")
                return answer
            }
            if route.method == .POST, credentials == 0, !GatewayResponder.isJSON(head.headers.bytes(of: "Content-Type"))
            {
                return rejection(
                    GateError(
                        .unsupportedMediaType, "Send the header `Content-Type: application/json`.", source: .caller))
            }
            return nil
        }
    }

    package func respond(to request: HTTPRequest, on exchange: HTTPExchange) async {
        switch table.find(request.head) {
        case .mcp(let server): await respondMCP(request, exchange, server: server)
        case .eventStream(let server):
            if let scope = scope(request, exchange, server: server) {
                mcp.openEventStream(request, on: exchange, scope: scope)
            }
        case .messages:
            let query = QueryItems(request.query)
            guard query.isValid else { return answer(GatewayResponder.unreadableQuery, exchange) }
            await mcp.postMessage(request, on: exchange, session: query[MCPFrontEnd.sessionItem])
        case .route(let route, let parameters): await respondREST(request, exchange, route, parameters)
        case .missing, .wrongMethod: break
        }
    }

    package func errorResponse(_ status: HTTPResponseStatus, reason: String) -> HTTPErrorResponse {
        let code: ErrorCode =
            switch status.code {
            case 413: .payloadTooLarge
            case 415: .unsupportedMediaType
            case 500: .internalError
            case 503: .overloaded
            default: .badRequest
            }
        let isOwnFault = status.code == 500 || status.code == 503
        let rejection = rejection(
            GateError(
                code, reason, source: isOwnFault ? .gateway : .caller, retryAfter: status.code == 503 ? 1 : nil))
        return HTTPErrorResponse(headers: rejection.headers, body: rejection.body)
    }

    private func respondMCP(_ request: HTTPRequest, _ exchange: HTTPExchange, server: String?) async {
        if server == nil, request.path == "/", request.method == .GET, GatewayResponder.wantsPage(request.head) {
            exchange.send(status: .found, headers: ["Location": "/ui", "Cache-Control": "no-store"])
            return
        }
        guard let scope = scope(request, exchange, server: server) else { return }
        await mcp.respond(to: request, on: exchange, scope: scope)
    }

    /// What an MCP address shows; nil when the request was refused.
    private func scope(_ request: HTTPRequest, _ exchange: HTTPExchange, server: String?) -> Visibility? {
        let query = QueryItems(request.query)
        guard query.isValid else {
            answer(GatewayResponder.unreadableQuery, exchange)
            return nil
        }
        guard let server else { return GatewayResponder.scope(query) }
        guard services.serverNames(.all).contains(where: { $0.utf8.elementsEqual(server.utf8) }) else {
            answer(GateError(.serverNotFound, "There is no server '\(server)'.", source: .caller), exchange)
            return nil
        }
        return .server(server)
    }

    private func respondREST(
        _ request: HTTPRequest, _ exchange: HTTPExchange, _ route: Route, _ parameters: [String: String]
    ) async {
        let query = QueryItems(request.query)
        do throws(GateError) {
            guard query.isValid else { throw GatewayResponder.unreadableQuery }
            let reply = try await route.handler(
                RESTRequest(
                    http: request, exchange: exchange, parameters: parameters, query: query,
                    visibility: GatewayResponder.scope(query)))
            var headers = HTTPHeaders([("Content-Type", reply.contentType), ("X-Content-Type-Options", "nosniff")])
            for (name, value) in reply.headers { headers.add(name: name, value: value) }
            exchange.send(status: reply.status, headers: headers, body: reply.body)
        } catch {
            answer(error, exchange)
        }
    }

    private func answer(_ error: GateError, _ exchange: HTTPExchange) {
        let rejection = rejection(error)
        exchange.send(status: rejection.status, headers: rejection.headers, body: [rejection.body])
    }

    private func rejection(_ error: GateError) -> HTTPRejection {
        var error = error
        let id = error.correlationID ?? correlation.next()
        error.correlationID = id
        var headers = HTTPHeaders([
            ("Content-Type", "application/json"), ("X-Correlation-Id", id), ("X-Content-Type-Options", "nosniff"),
        ])
        if let retryAfter = error.retryAfter { headers.add(name: "Retry-After", value: String(retryAfter)) }
        return HTTPRejection(
            status: HTTPResponseStatus(statusCode: error.status), headers: headers,
            body: ByteBuffer(bytes: error.json.bytes), closesConnection: false)
    }

    private static var unreadableQuery: GateError {
        GateError(
            .badRequest, "The query string must be UTF-8 in percent encoding, with at most 100 items.", source: .caller)
    }

    private static func scope(_ query: QueryItems) -> Visibility {
        guard let servers = query["servers"] else { return .all }
        return Visibility(servers: servers.split(separator: ",").prefix(256).map(String.init))
    }

    private static func isJSON(_ type: ArraySlice<UInt8>?) -> Bool {
        guard let type else { return false }
        let media = type.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 }.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
        return media.elementsEqual("application/json".utf8)
    }

    /// A browser says that it wants a page; an MCP client never does.
    private static func wantsPage(_ head: HTTPHead) -> Bool {
        guard let accept = head.headers["Accept"] else { return false }
        return accept.contains("text/html") && !accept.contains("text/event-stream")
    }
}
