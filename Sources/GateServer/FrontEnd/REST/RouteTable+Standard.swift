import GateConfig
import GateProtocol
import NIOHTTP1

extension RouteTable {
    /// The gateway's routes over its services.
    static func standard(_ services: any GatewayServices) -> RouteTable {
        let rest = RESTRoutes(services: services)
        let calls = AsyncRoutes(services: services)
        let log = LogRoutes(services: services)
        let agents = AgentRoutes(services: services)
        let integrity = IntegrityRoutes(services: services)
        let license = LicenseRoutes(services: services)
        let ui = StatusPage()
        var routes: [Route] = [
            Route(
                .POST, "/call", .data, changes: true, summary: "Call a tool and wait for its result.",
                request: Schemas.call, response: Schemas.callAnswer, handler: rest.call),
            Route(
                .POST, "/call/async", .data, changes: true, success: .accepted,
                summary: "Start a call and get its id at once. With the header Idempotency-Key it is started once.",
                request: Schemas.callAsync, response: Schemas.callAccepted, handler: calls.submit),
            Route(
                .GET, "/call/{id}", .data, summary: "How a call stands, with its result once it has one.",
                query: [Schemas.wait], response: Schemas.callState, handler: calls.show),
            Route(
                .DELETE, "/call/{id}", .data, changes: true,
                summary: "Cancel a call. What had ended before stays as it was.", response: Schemas.callState,
                handler: calls.cancel),
            Route(
                .GET, "/call/{id}/events", .data,
                summary: "The changes of a call as server-sent events, its present state first, until it ends.",
                handler: calls.follow),
            Route(
                .GET, "/calls", .data, summary: "The agent's calls that were started with an id, newest first.",
                query: [Schemas.callStatus, Schemas.callServer, Schemas.callLimit, Schemas.cursor],
                response: Schemas.callList, handler: calls.list),
            Route(
                .GET, "/tools", .data, summary: "All tools.", query: [Schemas.servers], response: Schemas.toolList,
                handler: rest.tools),
            Route(
                .GET, "/tools/{server}", .data, summary: "The tools of one server.", response: Schemas.toolList,
                handler: rest.toolsOfServer),
            Route(
                .GET, "/discover", .data, summary: "Find tools by words, best first.",
                query: [Schemas.queryWords, Schemas.limit, Schemas.servers], response: Schemas.discovered,
                handler: rest.discover),
            Route(
                .GET, "/schema/{server}/{tool}", .data,
                summary: "A tool's definition, as the server gave it and as agents get it.",
                response: Schemas.toolSchema, handler: rest.schema),
            Route(
                .GET, "/server/list", .data, summary: "All servers and how they are.", query: [Schemas.servers],
                response: Schemas.serverList, handler: rest.serverList),
            Route(
                .POST, "/server/add", .admin, changes: true, success: .created,
                summary: "Add a server; it is kept over restarts.",
                request: Schemas.serverAdd, response: Schemas.acknowledged, handler: rest.addServer),
            Route(
                .GET, "/config", .admin, summary: "The configuration in force, without secrets.",
                response: Schemas.object, handler: rest.config),
            Route(
                .POST, "/gateway/reload", .admin, changes: true,
                summary: "Read the configuration again and apply what has changed: all of it or nothing.",
                request: Schemas.object, response: Schemas.reloaded, handler: rest.reload),
            Route(
                .POST, "/gateway/stop", .admin, changes: true, success: .accepted,
                summary: "Stop the gateway: calls in flight finish, new ones are refused.", request: Schemas.object,
                response: Schemas.stopping, handler: rest.stop),
            Route(
                .GET, "/stats", .data, summary: "Calls, errors and latencies.", response: Schemas.stats,
                handler: rest.stats),
            Route(
                .GET, "/metrics", .overview, summary: "Counters and gauges as Prometheus reads them.",
                handler: MetricsRoute(services: services).answer),
            Route(
                .GET, "/log", .admin, summary: "The call log, newest first; with after= what came since, oldest first.",
                query: Schemas.logQuery, response: Schemas.log, handler: log.page),
            Route(
                .GET, "/call/{id}/explain", .admin,
                summary: "Where a call's time went and what decided it, by its correlation id.",
                query: [Schemas.explainFormat], response: Schemas.explanation, handler: log.explain),
            Route(
                .GET, "/agents", .admin, summary: "Agents that have credentials, and what each may use.",
                response: Schemas.object, handler: agents.list),
            Route(
                .POST, "/agents/add", .admin, changes: true, success: .created,
                summary: "Add an agent; its token is in the answer and nowhere else.", request: Schemas.object,
                response: Schemas.object, handler: agents.add),
            Route(
                .POST, "/agents/token", .admin, changes: true,
                summary: "Give an agent a new token; the old one ends at once.", request: Schemas.object,
                response: Schemas.object, handler: agents.renew),
            Route(
                .POST, "/agents/remove", .admin, changes: true,
                summary: "End an agent: its token, its streams and what it waits for.", request: Schemas.object,
                response: Schemas.object, handler: agents.remove),
            Route(
                .GET, "/access/explain", .admin,
                summary: "Which rule lets an agent use a tool, resource or prompt, or keeps it from it.",
                query: Schemas.access, response: Schemas.object, handler: agents.explain),
            Route(
                .GET, "/integrity", .admin,
                summary: "Tools that wait for approval: what is different, what is suspicious.",
                query: Schemas.integrityQuery, response: Schemas.integrity, handler: integrity.list),
            Route(
                .POST, "/integrity/approve", .admin, changes: true,
                summary: "Approve or reject definitions of tools as they were shown, all of them or none.",
                request: Schemas.decisions, response: Schemas.object, handler: integrity.decide),
            Route(
                .GET, "/license", .admin, summary: "How the license stands, and what is used of what it limits.",
                response: Schemas.object, handler: license.show),
            Route(
                .GET, "/license/telemetry", .admin, summary: "What the next heartbeat tells the license server.",
                response: Schemas.object, handler: license.telemetry),
            Route(
                .POST, "/license/activate", .admin, changes: true,
                summary: "Ask the license server for an entitlement and put it in force.", request: Schemas.object,
                response: Schemas.object, handler: license.activate),
            Route(
                .POST, "/license/deactivate", .admin, changes: true,
                summary: "End the license here, and give its seat back.", request: Schemas.object,
                response: Schemas.object, handler: license.deactivate),
            Route(
                .POST, "/license/refresh", .admin, changes: true, summary: "Ask the license server for news now.",
                request: Schemas.object, response: Schemas.object, handler: license.refresh),
            Route(
                .GET, "/events", .data,
                summary: "What happens to the servers, as server-sent events; with format=json what is kept of it.",
                query: [Schemas.eventFormat, Schemas.eventsAfter, Schemas.eventLimit, Schemas.servers],
                response: Schemas.events, handler: EventRoute(services: services).answer),
            Route(
                .GET, "/health", .open, summary: "Whether the gateway is well.", response: Schemas.health,
                handler: rest.health),
            Route(.GET, "/ui", .open, summary: "The status page.", handler: ui.page),
            Route(.GET, "/ui/app.js", .open, summary: "The status page's script.", handler: ui.script),
            Route(.GET, "/ui/style.css", .open, summary: "The status page's style.", handler: ui.style),
        ]
        for action in ServerAction.allCases {
            routes.append(
                Route(
                    .POST, "/server/\(action.rawValue)", .admin, changes: true, summary: action.summary,
                    request: Schemas.serverName, response: Schemas.acknowledged
                ) { (request) async throws(GateError) in try await rest.act(action, request) })
        }
        for path in OAuthRoutes.paths {
            routes.append(
                Route(
                    .GET, path, .open, summary: "This gateway as an OAuth resource (RFC 9728); 404 without [oauth].",
                    handler: OAuthRoutes(services: services).metadata))
        }
        let described = routes
        routes.append(
            Route(
                .GET, "/openapi.json", .open, summary: "This interface as an OpenAPI 3.1 document.",
                response: Schemas.object
            ) { _ throws(GateError) in RESTReply(OpenAPI.document(described + [OpenAPI.route])) })
        return RouteTable(routes: routes)
    }
}

/// What an operator does to a server by its name.
enum ServerAction: String, CaseIterable, Sendable {
    case start, stop, restart, remove

    var summary: String {
        switch self {
        case .start: "Start a server."
        case .stop: "Stop a server until it is started again."
        case .restart: "Restart a server; its circuit is closed."
        case .remove: "Stop a server and forget it."
        }
    }
}
