package import GateConfig
import GateCore
package import GateHTTP
import GateProtocol
import NIOCore
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
    private let authenticator: Authenticator
    private let table: RouteTable
    private let requestGuard: RequestGuard
    private let isAdminOpen: Bool
    private let senders: SenderAddress
    private let correlation = CorrelationIDs(seed: UInt32.random(in: 0...UInt32.max))

    package init(
        services: any GatewayServices, mcp: any MCPEndpoint, token: AdminToken, config: GatewayConfig
    ) {
        self.services = services
        self.mcp = mcp
        authenticator = Authenticator(admin: token, table: services.access)
        table = RouteTable.standard(services)
        requestGuard = RequestGuard(
            config.server, isSecure: config.tls.certificate != nil || config.server.behindProxy)
        senders = SenderAddress(isBehindProxy: config.server.behindProxy)
        isAdminOpen = config.server.unsafeOpenAdmin
    }

    package func admit(_ head: HTTPHead, peer: HTTPPeer) -> HTTPRejection? {
        let destination = table.find(head)
        if let refusal = requestGuard.refusal(head, changes: destination.changes) { return rejection(refusal) }
        switch destination {
        case .mcp(nil) where GatewayResponder.isPageRequest(head): return nil
        case .mcp, .eventStream, .messages:
            if case .refused(let refusal) = judge(head, peer) {
                return rejection(refusal)
            }
            return nil
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
            if let refusal = refusal(of: route, head, peer) { return refusal }
            if route.method == .POST, !head.headers.contains("Authorization"),
                !GatewayResponder.isJSON(head.headers.bytes(of: "Content-Type"))
            {
                return rejection(
                    GateError(
                        .unsupportedMediaType, "Send the header `Content-Type: application/json`.", source: .caller))
            }
            return nil
        }
    }

    /// Why a request may not use a route; nil when it may.
    private func refusal(of route: Route, _ head: HTTPHead, _ peer: HTTPPeer) -> HTTPRejection? {
        if route.access == .open { return nil }
        let needsAdmin = route.access.needsAdmin(isGatewayOpen: !services.access.isRequired)
        switch judge(head, peer) {
        case .admin: return nil
        case .open: return needsAdmin && !isAdminOpen ? adminRequired : nil
        // Whoever is known is not anybody: what is open to everybody for want of agents is not open to one of them.
        case .agent, .undecided: return needsAdmin ? adminRequired : nil
        case .refused(let refusal): return needsAdmin ? adminRequired : rejection(refusal)
        }
    }

    private var adminRequired: HTTPRejection {
        var answer = rejection(
            GateError(
                .adminRequired,
                "This needs the admin token. The command `stonegate token show` prints it; send it as "
                    + "`Authorization: Bearer …`. gatecall finds it by itself.", source: .caller))
        answer.headers.add(name: "WWW-Authenticate", value: "Bearer realm=\"stonegate admin\"")
        return answer
    }

    private func rejection(_ refusal: AccessRefusal) -> HTTPRejection {
        var answer = rejection(refusal.error)
        if let challenge = refusal.challenge { answer.headers.add(name: "WWW-Authenticate", value: challenge) }
        return answer
    }

    private func isOperator(_ request: HTTPRequest) -> Bool {
        switch judge(request.head, request.peer) {
        case .open, .admin: true
        case .agent, .refused, .undecided: false
        }
    }

    private func judge(_ head: HTTPHead, _ peer: HTTPPeer) -> Authenticator.Verdict {
        authenticator.judge(head, address: senders.address(head, peer), certificate: peer.certificate)
    }

    private func decide(_ request: HTTPRequest) async -> Authenticator.Verdict {
        await authenticator.decide(
            request.head, address: senders.address(request.head, request.peer), certificate: request.peer.certificate)
    }

    package func respond(to request: HTTPRequest, on exchange: HTTPExchange) async {
        let destination = table.find(request.head)
        if case .route(let route, let parameters) = destination, route.access == .open {
            return await respondREST(request, exchange, route, parameters, nil, isOperator: isOperator(request))
        }
        if case .mcp(nil) = destination, GatewayResponder.isPageRequest(request.head) {
            exchange.send(status: .found, headers: ["Location": "/ui", "Cache-Control": "no-store"])
            return
        }
        // Again, although the head was admitted: what was valid then may have ended while the body came.
        switch await decide(request) {
        case .open, .admin: await respond(to: request, on: exchange, destination, nil)
        case .undecided: break
        case .refused(let refusal):
            let answer = rejection(refusal)
            exchange.send(status: answer.status, headers: answer.headers, body: [answer.body])
        case .agent(let principal):
            guard services.access.admit(principal, exchange) else { return }
            await respond(to: request.identified(as: principal.id), on: exchange, destination, principal.policy)
        }
    }

    private func respond(
        to request: HTTPRequest, on exchange: HTTPExchange, _ destination: RouteTable.Destination,
        _ access: AccessPolicy?
    ) async {
        switch destination {
        case .mcp(let server): await respondMCP(request, exchange, server: server, access)
        case .eventStream(let server):
            if let scope = scope(request, exchange, server: server, access) {
                mcp.openEventStream(request, on: exchange, scope: scope)
            }
        case .messages:
            let query = QueryItems(request.query)
            guard query.isValid else { return answer(GatewayResponder.unreadableQuery, exchange) }
            await mcp.postMessage(request, on: exchange, session: query[MCPFrontEnd.sessionItem])
        case .route(let route, let parameters):
            await respondREST(request, exchange, route, parameters, access, isOperator: access == nil)
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

    private func respondMCP(
        _ request: HTTPRequest, _ exchange: HTTPExchange, server: String?, _ access: AccessPolicy?
    ) async {
        guard let scope = scope(request, exchange, server: server, access) else { return }
        await mcp.respond(to: request, on: exchange, scope: scope)
    }

    /// What an MCP address shows; nil when the request was refused.
    private func scope(
        _ request: HTTPRequest, _ exchange: HTTPExchange, server: String?, _ access: AccessPolicy?
    ) -> Visibility? {
        let query = QueryItems(request.query)
        guard query.isValid else {
            answer(GatewayResponder.unreadableQuery, exchange)
            return nil
        }
        guard let server else { return GatewayResponder.scope(query, access) }
        guard
            services.serverNames(Visibility(.all, access: access)).contains(where: {
                $0.utf8.elementsEqual(server.utf8)
            })
        else {
            answer(GateError(.serverNotFound, "There is no server '\(server)'.", source: .caller), exchange)
            return nil
        }
        return Visibility(.server(server), access: access)
    }

    private func respondREST(
        _ request: HTTPRequest, _ exchange: HTTPExchange, _ route: Route, _ parameters: [String: String],
        _ access: AccessPolicy?, isOperator: Bool
    ) async {
        let query = QueryItems(request.query)
        do throws(GateError) {
            guard query.isValid else { throw GatewayResponder.unreadableQuery }
            let reply = try await route.handler(
                RESTRequest(
                    http: request, exchange: exchange, parameters: parameters, query: query,
                    visibility: GatewayResponder.scope(query, access), isOperator: isOperator))
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

    private static func scope(_ query: QueryItems, _ access: AccessPolicy?) -> Visibility {
        guard let servers = query["servers"] else { return Visibility(.all, access: access) }
        return Visibility(servers: servers.split(separator: ",").prefix(256).map(String.init), access: access)
    }

    private static func isJSON(_ type: ArraySlice<UInt8>?) -> Bool {
        guard let type else { return false }
        let media = type.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 }.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
        return media.elementsEqual("application/json".utf8)
    }

    /// Whether a browser asks for `/`: it says that it wants a page, which an MCP client never does. It is sent to the status page.
    private static func isPageRequest(_ head: HTTPHead) -> Bool {
        guard head.method == .GET, head.path == "/", let accept = head.headers["Accept"] else { return false }
        return accept.contains("text/html") && !accept.contains("text/event-stream")
    }
}
