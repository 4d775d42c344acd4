import GateConfig
import GateTestKit
import NIOHTTP1
import Testing

@testable import GateServer

/// Who may use what: every route of the table against this list. A route that is not in it fails the test.
@Suite struct RouteMatrixTests {
    /// What a request from elsewhere gets, whatever its credential.
    private static let foreign = "421 403"

    /// Per route: what a well-formed request gets without a credential, with a wrong token, with the admin token.
    private static let decisions: [String: [Int]] = [
        "POST /call": [200, 200, 200],
        "GET /tools": [200, 200, 200],
        "GET /tools/{server}": [200, 200, 200],
        "GET /discover": [200, 200, 200],
        "GET /schema/{server}/{tool}": [200, 200, 200],
        "POST /call/async": [202, 202, 202],
        "GET /call/{id}": [404, 404, 404],
        "DELETE /call/{id}": [404, 404, 404],
        "GET /call/{id}/events": [404, 404, 404],
        "GET /calls": [200, 200, 200],
        "GET /call/{id}/explain": [401, 401, 404],
        "GET /log": [401, 401, 200],
        "GET /metrics": [200, 200, 200],
        "GET /server/list": [200, 200, 200],
        "POST /server/add": [401, 401, 201],
        "POST /server/start": [401, 401, 200],
        "POST /server/stop": [401, 401, 200],
        "POST /server/restart": [401, 401, 200],
        "POST /server/remove": [401, 401, 200],
        "GET /config": [401, 401, 200],
        "GET /agents": [401, 401, 200],
        "POST /agents/add": [401, 401, 400],
        "POST /agents/token": [401, 401, 404],
        "POST /agents/remove": [401, 401, 404],
        "GET /access/explain": [401, 401, 404],
        "GET /integrity": [401, 401, 200],
        "POST /integrity/approve": [401, 401, 200],
        "GET /license": [401, 401, 200],
        "GET /license/telemetry": [401, 401, 200],
        "POST /license/activate": [401, 401, 200],
        "POST /license/deactivate": [401, 401, 200],
        "POST /license/refresh": [401, 401, 200],
        "POST /gateway/reload": [401, 401, 200],
        "POST /gateway/stop": [401, 401, 202],
        "GET /stats": [200, 200, 200],
        "GET /events": [200, 200, 200],
        "GET /health": [200, 200, 200],
        "GET /ui": [200, 200, 200],
        "GET /ui/app.js": [200, 200, 200],
        "GET /ui/style.css": [200, 200, 200],
        "GET /openapi.json": [200, 200, 200],
        "GET /.well-known/oauth-protected-resource": [404, 404, 404],
        "GET /.well-known/oauth-protected-resource/mcp": [404, 404, 404],
    ]

    /// Heads that no browser on another site and no rebound name may get through with.
    private static let refused: [(hosts: [String], origins: [String])] = [
        (["evil.example"], []), (["127.0.0.1.evil.example:3393"], []), (["localhost:1"], []), (["localhost"], []),
        ([RESTRig.ownHost, RESTRig.ownHost], []), ([RESTRig.ownHost, "evil.example"], []), ([], []),
        ([RESTRig.ownHost], ["http://evil.example"]), ([RESTRig.ownHost], ["null"]),
        ([RESTRig.ownHost], ["http://localhost.evil.example:3393"]),
        ([RESTRig.ownHost], ["http://localhost:3393", "http://evil.example"]),
        ([RESTRig.ownHost], ["http://localhost:3393", "http://localhost:3393"]),
        ([RESTRig.ownHost], ["http://u@localhost:3393"]), ([RESTRig.ownHost], ["https://localhost:3393"]),
        ([RESTRig.ownHost], ["http://localhost:3393/"]), ([RESTRig.ownHost], ["http://localhost"]),
        ([RESTRig.ownHost], [""]),
    ]

    @Test func everyRouteDecidesAsListed() async throws {
        try await RESTRig.with { (rig) async throws in
            let routes = RouteTable.standard(rig.services).routes
            #expect(Set(routes.map(RouteMatrixTests.name)) == Set(RouteMatrixTests.decisions.keys))
            for route in routes {
                let expected = try #require(RouteMatrixTests.decisions[RouteMatrixTests.name(route)])
                for (credential, status) in zip(RESTRig.Credential.allCases, expected) {
                    let own = try await request(route, credential, rig)
                    #expect(own.status == status, "\(RouteMatrixTests.name(route)), credential \(credential)")
                    let host = try await request(route, credential, rig, hosts: ["evil.example:3393"])
                    let origin = try await request(route, credential, rig, origins: ["http://evil.example"])
                    #expect(
                        "\(host.status) \(origin.status)" == RouteMatrixTests.foreign,
                        "\(RouteMatrixTests.name(route)), credential \(credential)")
                }
            }
        }
    }

    /// The same where agents have tokens: without a credential, with a wrong one, with an agent's, with the admin token. What is not here
    /// is the operator's: 401 for all others.
    private static let closed: [String: [Int]] = [
        "POST /call": [401, 401, 200, 200],
        "GET /tools": [401, 401, 200, 200],
        "GET /tools/{server}": [401, 401, 200, 200],
        "GET /discover": [401, 401, 200, 200],
        "GET /schema/{server}/{tool}": [401, 401, 200, 200],
        "POST /call/async": [401, 401, 202, 202],
        "GET /call/{id}": [401, 401, 404, 404],
        "DELETE /call/{id}": [401, 401, 404, 404],
        "GET /call/{id}/events": [401, 401, 404, 404],
        "GET /calls": [401, 401, 200, 200],
        "GET /server/list": [401, 401, 200, 200],
        "GET /stats": [401, 401, 200, 200],
        "GET /events": [401, 401, 200, 200],
        "GET /health": [200, 200, 200, 200],
        "GET /ui": [200, 200, 200, 200],
        "GET /ui/app.js": [200, 200, 200, 200],
        "GET /ui/style.css": [200, 200, 200, 200],
        "GET /openapi.json": [200, 200, 200, 200],
        "GET /.well-known/oauth-protected-resource": [404, 404, 404, 404],
        "GET /.well-known/oauth-protected-resource/mcp": [404, 404, 404, 404],
    ]

    @Test func everyRouteDecidesAsListedWhereAgentsHaveTokens() async throws {
        let services = ScriptedServices()
        var grant = GatewayConfig.Grant()
        grant.tools.allow = ["*"]
        let token = try services.access.add(.init(name: "ci", grant: grant), now: 0).token
        try await RESTRig.with(services) { (rig) async throws in
            for route in RouteTable.standard(rig.services).routes {
                let name = RouteMatrixTests.name(route)
                let own = try await [
                    request(route, .none, rig).status, request(route, .wrong, rig).status,
                    request(route, .none, rig, token: token).status,
                ]
                let expected = RouteMatrixTests.closed[name] ?? [401, 401, 401]
                #expect(own == Array(expected.prefix(3)), "\(name)")
                let asOperator = try await request(route, .admin, rig).status
                let open = RouteMatrixTests.decisions[name]?[2] ?? 0
                #expect(asOperator == RouteMatrixTests.closed[name]?[3] ?? open, "\(name)")
            }
            for path in ["/mcp", "/", "/mcp/alpha", "/mcp/nobody"] {
                #expect(try await rig.post(path, "{}").status == 401)
                #expect(try await rig.post(path, "{}", .wrong).status == 401)
            }
            #expect(rig.mcp.all.isEmpty)
            // A browser gets to the page that asks for the token, and no further.
            let browser = try await rig.send("GET", "/", headers: [("Accept", "text/html")])
            #expect(browser.status == 302 && browser["Location"] == "/ui")
            #expect(try await rig.send("GET", "/mcp", headers: [("Accept", "text/html")]).status == 401)
            #expect(try await rig.send("GET", "/sse").status == 401)
            #expect(try await rig.post("/messages?sessionId=x", "{}").status == 401)
        }
    }

    /// A credential counts where it stands in its own header field, once, and nowhere else (V-6, V-8).
    @Test func nothingButTheCredentialLetsIn() async throws {
        let services = ScriptedServices()
        var grant = GatewayConfig.Grant()
        grant.tools.allow = ["*"]
        let token = try services.access.add(.init(name: "ci", grant: grant), now: 0).token
        try await RESTRig.with(services) { (rig) async throws in
            for item in ["token", "access_token", "api_key", "authorization", "sessionId"] {
                #expect(try await rig.get("/tools?\(item)=\(token)").status == 401)
            }
            let trusting = [
                "X-Forwarded-User", "X-Forwarded-For", "X-Real-IP", "X-Original-URL", "X-Rewrite-URL", "X-Remote-User",
                "Remote-User", "X-User", "X-Authenticated-User", "X-Auth-Request-User", "X-Api-Key", "Api-Key",
                "Cookie",
                "Proxy-Authorization", "X-Authorization", "X-Admin", "X-Internal", "X-Stonegate-Agent",
                "X-Stonegate-Session", "X-Stonegate-Transport", "X-Stonegate-Tenant", "X-Tenant", "X-Tenant-Id",
                "Mcp-Init-Host", "Router-Key", "X-Forwarded-Client-Cert", "X-SSL-Client-Verify", "X-Client-Cert",
                "Forwarded", "Via", "X-Forwarded-Proto", "X-Forwarded-Host", "X-HTTP-Method-Override", "X-Debug",
                "X-Health-Check", "X-Amzn-Oidc-Identity", "X-Ms-Client-Principal", "Cf-Access-Jwt-Assertion",
                "X-Goog-Authenticated-User-Email", "Tailscale-User-Login", "X-Token-Subject",
            ]
            for name in trusting {
                for value in [token, "Bearer \(token)", "ci", "admin", "127.0.0.1"] {
                    let reply = try await rig.send("GET", "/tools", headers: [(name, value)])
                    #expect(reply.status == 401, "\(name): \(value)")
                }
            }
            for value in [
                token, "bearer", "Bearer", "Bearer ", "Basic \(token)", "Bearer \(token) x", "Bearer  \(token)",
            ] {
                #expect(
                    try await rig.send("GET", "/tools", headers: [("Authorization", value)]).status == 401, "\(value)")
            }
            let twice = [("Authorization", "Bearer \(token)"), ("Authorization", "Bearer \(token)")]
            #expect(try await rig.send("GET", "/tools", headers: twice).status == 401)
            #expect(try await rig.send("GET", "/tools", headers: [("authorization", "BEARER \(token)")]).status == 200)
        }
    }

    @Test func adminRoutesAreThoseThatChangeServersOrShowTheConfiguration() {
        let routes = RouteTable.standard(ScriptedServices()).routes
        let admin = routes.filter { $0.access == .admin }.map(RouteMatrixTests.name).sorted()
        #expect(
            admin == [
                "GET /access/explain", "GET /agents", "GET /call/{id}/explain", "GET /config", "GET /integrity",
                "GET /license", "GET /license/telemetry", "GET /log",
                "POST /agents/add", "POST /agents/remove", "POST /agents/token", "POST /gateway/reload",
                "POST /gateway/stop", "POST /integrity/approve", "POST /license/activate",
                "POST /license/deactivate", "POST /license/refresh",
                "POST /server/add", "POST /server/remove",
                "POST /server/restart", "POST /server/start", "POST /server/stop",
            ])
        // A GET must never change anything: browsers send GETs to other sites freely.
        for route in routes { #expect(route.changes == (route.method != .GET), "\(RouteMatrixTests.name(route))") }
    }

    @Test func nothingReachesARouteUnderAForeignName() async throws {
        try await RESTRig.with { (rig) async throws in
            for route in RouteTable.standard(rig.services).routes {
                for (hosts, origins) in RouteMatrixTests.refused {
                    let reply = try await request(route, .admin, rig, hosts: hosts, origins: origins)
                    #expect(
                        [400, 403, 421].contains(reply.status),
                        "\(RouteMatrixTests.name(route)): \(hosts) \(origins) gave \(reply.status)")
                }
            }
            for path in ["/mcp", "/", "/mcp/alpha"] {
                for (hosts, origins) in RouteMatrixTests.refused {
                    let reply = try await rig.send(
                        "POST", path, .admin, hosts: hosts, headers: origins.map { ("Origin", $0) }, body: "{}")
                    #expect([400, 403, 421].contains(reply.status), "\(path): \(hosts) \(origins)")
                }
            }
            #expect(rig.isUntouched)
        }
    }

    @Test func anOpenAdminStillRefusesOtherSites() async throws {
        try await RESTRig.with(configure: { $0.server.unsafeOpenAdmin = true }) { (rig) async throws in
            #expect(try await rig.get("/config").status == 200)
            #expect(try await rig.post("/server/stop", #"{"name":"alpha"}"#).status == 200)
            let foreign = try await rig.post(
                "/server/start", #"{"name":"alpha"}"#, headers: [("Origin", "http://evil.example")])
            #expect(foreign.status == 403)
            let form = try await rig.send(
                "POST", "/server/start", headers: [("Content-Type", "text/plain")], body: "{}")
            #expect(form.status == 415)
            #expect(rig.services.actions.all == ["stop alpha"])
        }
    }

    /// The unsafe switch opens routes to everybody where nobody is known; an agent is known.
    @Test func anOpenAdminIsNotOpenToAgents() async throws {
        let services = ScriptedServices()
        try await RESTRig.with(services, configure: { $0.server.unsafeOpenAdmin = true }) { (rig) async throws in
            #expect(try await rig.get("/config").status == 200)
            var grant = GatewayConfig.Grant()
            grant.tools.allow = ["*"]
            let token = try services.access.add(.init(name: "ci", grant: grant), now: 0).token
            for headers in [[], [("Authorization", "Bearer \(token)")]] {
                #expect(try await rig.send("GET", "/config", headers: headers).status == 401)
            }
            #expect(try await rig.get("/config", .admin).status == 200)
        }
    }

    private static func name(_ route: Route) -> String { "\(route.method.rawValue) \(route.path)" }

    private func request(
        _ route: Route, _ credential: RESTRig.Credential, _ rig: RESTRig, hosts: [String] = [RESTRig.ownHost],
        origins: [String] = [], token: String? = nil
    ) async throws -> HTTPReply {
        // As a stream it would have no end.
        let queries = ["/events": "?format=json", "/access/explain": "?agent=nobody&item=alpha/echo"]
        let query = queries[route.path] ?? ""
        let path = route.path.split(separator: "/").map { $0 == "{server}" ? "alpha" : $0 == "{tool}" ? "echo" : $0 }
        let body =
            switch route.path {
            case "/call", "/call/async": #"{"server":"alpha","tool":"echo"}"#
            case "/server/add": #"{"name":"gamma","command":"/bin/cat"}"#
            case "/agents/add": #"{"name":"closes the gateway"}"#
            case "/license/activate": #"{"key":"SG-TEST"}"#
            case "/agents/token", "/agents/remove": #"{"id":"nobody"}"#
            case "/integrity/approve":
                #"{"tools":[{"server":"alpha","tool":"echo","digest":"\#(String(repeating: "0", count: 64))"}]}"#
            default: #"{"name":"alpha"}"#
            }
        return try await rig.send(
            route.method.rawValue, "/" + path.joined(separator: "/") + query, credential, hosts: hosts,
            headers: [("Content-Type", "application/json")] + origins.map { ("Origin", $0) }
                + (token.map { [("Authorization", "Bearer \($0)")] } ?? []),
            body: route.method == .POST ? body : nil)
    }
}
