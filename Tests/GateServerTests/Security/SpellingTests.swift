import GateConfig
import GateTestKit
import Testing

@testable import GateServer

/// Other spellings of a path or a name: the guard and the route table see the same bytes, so there is one decision.
@Suite struct SpellingTests {
    /// Targets that a lenient server could take for `/server/add`, and what a POST without a token gets.
    private static let targets: [(String, Int)] = [
        ("/server/add", 401), ("/server/add?", 401), ("/server/add?x=/health", 401), ("/server/add?/../../health", 401),
        ("//server/add", 404), ("/server//add", 404), ("/server/add/", 404), ("/server/add//", 404),
        ("///server/add", 404), ("/server%2fadd", 404), ("/server%2Fadd", 404), ("/%2fserver/add", 404),
        ("/server/%61dd", 404), ("/%73erver/add", 404), ("/server/add%00", 404), ("/server/add%20", 404),
        ("/server/add%0a", 404), ("/server/add%0d%0a", 404), ("/SERVER/ADD", 404), ("/Server/add", 404),
        ("/server/Add", 404), ("/./server/add", 404), ("/server/./add", 404), ("/server/add/.", 404),
        ("/../server/add", 404), ("/health/../server/add", 404), ("/x/../server/add", 404),
        ("/server/%2e%2e/server/add", 404), ("/%2e/server/add", 404), ("/server/add;x", 404), ("/server;x/add", 404),
        ("/;x/server/add", 404), ("/server/add;", 404), ("/server/add,", 404), ("/server/add.", 404),
        ("/server/add.json", 404), ("/server/add%3f", 404), ("/server/add%23", 404), ("/server/add&x", 404),
        ("/server/add:80", 404), ("/api/server/add", 404), ("/server", 404), ("/server/", 404), ("/add", 404),
        ("/server/add%c0%af", 404), ("/server%c0%afadd", 404), ("/server%e2%88%95add", 404),
        ("/server/%EF%BD%81dd", 404), ("/ui/server/add", 404), ("/health/server/add", 404),
        ("/health;/server/add", 404),
        ("/health?/../server/add", 405), ("/health%3f/../server/add", 404), ("/health/", 404), ("/%", 404),
        ("/%zz", 404),
        ("/%%32%66server/add", 404), ("/server/add#", 400), ("/server/add#x", 400), ("/server\\add", 400),
        ("\\server\\add", 400), ("server/add", 400), ("*", 400), ("http://127.0.0.1:3393/server/add", 400),
        ("//127.0.0.1:3393/server/add", 404), ("/server/\u{61}\u{301}dd", 400), ("/ser ver/add", 400),
    ]

    @Test func noSpellingGetsPastTheToken() async throws {
        try await RESTRig.with { (rig) async throws in
            for (target, expected) in SpellingTests.targets {
                let reply = try await rig.post(target, #"{"name":"gamma","command":"/bin/cat"}"#)
                #expect(reply.status == expected, "\(target)")
            }
            #expect(rig.isUntouched)
        }
    }

    /// With the token the same spellings are no other way to the route: only the path itself is.
    @Test func onlyThePathItselfIsTheRoute() async throws {
        try await RESTRig.with { (rig) async throws in
            for (target, expected) in SpellingTests.targets {
                let reply = try await rig.post(target, #"{"name":"gamma","command":"/bin/cat"}"#, .admin)
                #expect(reply.status == (expected == 401 ? 201 : expected), "\(target)")
            }
            #expect(rig.services.actions.all == Array(repeating: "add gamma", count: 4))
        }
    }

    private static let hosts: [([String], Int)] = [
        (["127.0.0.1:3393"], 200), (["localhost:3393"], 200), (["LocalHost:3393"], 200), (["[::1]:3393"], 200),
        (["localhost"], 421), (["127.0.0.1"], 421), (["[::1]"], 421), (["localhost:"], 421), (["localhost:1"], 421),
        (["localhost:80"], 421), (["localhost:03393"], 421), (["localhost:33930"], 421), (["localhost:339"], 421),
        (["localhost.:3393"], 421), (["127.0.0.1.:3393"], 421), (["127.1:3393"], 421), (["0x7f.1:3393"], 421),
        (["2130706433:3393"], 421), (["0.0.0.0:3393"], 421), (["0:3393"], 421), (["::1:3393"], 421),
        (["[::ffff:127.0.0.1]:3393"], 421), (["[0:0:0:0:0:0:0:1]:3393"], 421), (["evil.example"], 421),
        (["localhost.evil.example:3393"], 421), (["evil-localhost:3393"], 421), (["localhost:3393:3393"], 421),
        (["localhost:3393@evil.example"], 400), (["user@localhost:3393"], 400), (["localhost:3393/health"], 400),
        (["localhost:3393?x"], 400), (["localhost:3393#x"], 400), (["localhost:3393\\"], 400),
        (["localhost:3393, localhost:3393"], 400), (["localhost :3393"], 400), (["http://localhost:3393"], 400),
        (["localhost:3393;x"], 400), (["l%6fcalhost:3393"], 400), (["ｌocalhost:3393"], 400), ([""], 400), ([], 400),
        (["localhost:3393", "localhost:3393"], 400), (["localhost:3393", "evil.example"], 400),
    ]

    @Test func onlyTheGatewaysOwnNamesAreHosts() async throws {
        try await RESTRig.with { (rig) async throws in
            for (hosts, expected) in SpellingTests.hosts {
                let reply = try await rig.send("GET", "/health", hosts: hosts)
                #expect(reply.status == expected, "\(hosts)")
            }
            let reply = try await rig.send("GET", "/health", hosts: ["evil.example"])
            #expect(reply.code == "HOST_REFUSED")
            #expect(reply.message.contains("server.allowed_hosts"))
        }
    }

    @Test func theAddressListenedOnIsAHost() async throws {
        try await RESTRig.with(configure: { $0.server.host = "127.0.0.2" }) { (rig) async throws in
            #expect(try await rig.send("GET", "/health", hosts: ["127.0.0.2:3393"]).status == 200)
            #expect(try await rig.send("GET", "/health", hosts: ["127.0.0.3:3393"]).status == 421)
        }
    }

    @Test func configuredNamesAreHosts() async throws {
        let configure: (inout GatewayConfig) -> Void = {
            $0.server.allowedHosts = ["gate.internal", "other.internal:8443"]
            $0.server.allowedOrigins = ["https://console.internal"]
        }
        try await RESTRig.with(configure: configure) { (rig) async throws in
            let table: [(String, Int)] = [
                ("gate.internal", 200), ("GATE.internal:9000", 200), ("other.internal:8443", 200),
                ("other.internal", 421), ("other.internal:8444", 421), ("gate.internal.evil.example", 421),
                ("gate.internal:", 421), ("gate.internal:x", 421), ("x.gate.internal", 421), ("localhost:3393", 200),
            ]
            for (host, expected) in table {
                #expect(try await rig.send("GET", "/health", hosts: [host]).status == expected, "\(host)")
            }
            let origins: [(String, Int)] = [
                ("https://console.internal", 200), ("http://console.internal", 403),
                ("https://console.internal:443", 403), ("http://localhost:3393", 200), ("http://gate.internal", 403),
            ]
            for (origin, expected) in origins {
                let reply = try await rig.send("GET", "/health", headers: [("Origin", origin)])
                #expect(reply.status == expected, "\(origin)")
            }
        }
    }

    /// Headers by which some servers let a proxy change who asks, or what for.
    private static let trustHeaders = [
        "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-User", "X-Forwarded-Prefix",
        "X-Forwarded-Uri", "X-Forwarded-Method", "Forwarded", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP",
        "True-Client-IP", "CF-Connecting-IP", "X-Original-URL", "X-Rewrite-URL", "X-Original-Host",
        "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Host", "X-Remote-User", "Remote-User",
        "X-Authenticated-User", "X-User", "X-Admin", "X-Internal", "X-Internal-Request", "X-Api-Key", "Api-Key",
        "X-Auth-Token", "X-Token", "X-Access-Token", "Proxy-Authorization", "Cookie", "X-Stonegate-Agent",
        "X-Stonegate-Admin", "mcp-init-host", "router-key", "Mcp-Session-Id", "X-Custom-IP-Authorization",
    ]

    @Test func noHeaderButTheTokenGivesAccess() async throws {
        try await RESTRig.with { (rig) async throws in
            for name in SpellingTests.trustHeaders {
                for value in ["127.0.0.1", "/health", "admin", "true", "GET"] {
                    let reply = try await rig.post("/server/stop", #"{"name":"alpha"}"#, headers: [(name, value)])
                    #expect(reply.status == 401, "\(name): \(value)")
                }
            }
            #expect(rig.isUntouched)
        }
    }
}
