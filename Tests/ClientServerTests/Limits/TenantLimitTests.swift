import GateProtocol
import GateTestKit
import Testing

/// S-14: what all agents of a tenant may use up together, beside what each may.
@Suite(.serialized) struct TenantLimitTests {
    private static let agents = ["acme/a", "acme/b", "globex/a"]

    private func token(_ agent: String) -> String { "\(agent)-0123456789abcdef0123456789abcdef" }

    private func config(_ quota: String) throws -> String {
        let agents = Self.agents.map { name in
            let parts = name.split(separator: "/")
            return "[[agents]]\nname = \"\(parts[1])\"\ntenant = \"\(parts[0])\"\ntoken = \"\(token(name))\"\n\n"
        }
        return
            "[[tenants]]\nname = \"acme\"\nallow = [\"*\"]\n\(quota)\n\n[[tenants]]\nname = \"globex\"\nallow = [\"*\"]\n\n"
            + agents.joined() + (try Backends.fake("one"))
    }

    private func call(
        _ gateway: GatewayProcess, _ agent: String, _ tool: String = "echo", _ arguments: JSONValue = ["text": "x"],
        path: String = "/call"
    ) async throws -> (status: Int, json: JSONValue, retryAfter: String?) {
        let body: JSONValue = ["server": "one", "tool": .string(tool), "arguments": arguments]
        let reply = try await gateway.post(
            path, headers: ["Authorization": "Bearer \(token(agent))"], json: body.text)
        return (reply.status, try JSONReply(reply).json, reply["Retry-After"])
    }

    private func refused(
        _ answer: (status: Int, json: JSONValue, retryAfter: String?), _ words: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(answer.status == 503 && answer.json["code"] == "OVERLOADED", sourceLocation: sourceLocation)
        #expect(answer.json["sent"] == false && answer.retryAfter.flatMap { Int($0) } ?? 0 >= 1)
        let error = answer.json["error"]?.stringValue ?? ""
        #expect(error.contains("Tenant 'acme'") && error.contains(words), "\(error)", sourceLocation: sourceLocation)
    }

    @Test func callsUnderWayAreCountedForTheTenant() async throws {
        let gateway = try await GatewayProcess.start(config("max_in_flight = 2"))
        try await gateway.running(["one"])
        async let first = call(gateway, "acme/a", "sleep", ["ms": 3_000])
        async let second = call(gateway, "acme/b", "sleep", ["ms": 3_000])
        let list = { try JSONReply(await gateway.admin("GET", "/server/list")).json["servers"]?.arrayValue ?? [] }
        while try await list().first?["in_flight"] != 2 {}
        // Each of the two has one; together they have what the tenant may.
        refused(try await call(gateway, "acme/a"), "max_in_flight")
        refused(try await call(gateway, "acme/b"), "max_in_flight")
        #expect(try await call(gateway, "globex/a").status == 200)
        #expect(try await [first, second].map(\.status) == [200, 200])
        #expect(try await call(gateway, "acme/a").status == 200)

        // Without the limit, at once.
        let mark = gateway.logged
        let pid = try await list().first?["pid"]
        try gateway.rewriteConfig(config("max_in_flight = 1"))
        try await gateway.log("configuration reloaded", from: mark)
        async let third = call(gateway, "acme/a", "sleep", ["ms": 1_500])
        while try await list().first?["in_flight"] != 1 {}
        refused(try await call(gateway, "acme/b"), "max_in_flight")
        #expect(try await third.status == 200)
        #expect(try await list().first?["pid"] == pid, "limits are no reason to start a server anew")
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func callsOfAMinuteAreCountedForTheTenant() async throws {
        // A rate so low that the test cannot earn a call while it runs.
        let gateway = try await GatewayProcess.start(config("max_calls_per_minute = 4"))
        try await gateway.running(["one"])
        for agent in ["acme/a", "acme/b", "acme/a", "acme/b"] {
            #expect(try await call(gateway, agent).status == 200)
        }
        for agent in ["acme/a", "acme/b"] {
            let answer = try await call(gateway, agent)
            refused(answer, "max_calls_per_minute allows (4 a minute)")
            let wait = answer.retryAfter.flatMap { Int($0) } ?? 0
            #expect((1...15).contains(wait), "\(wait)")
        }
        for _ in 0..<10 { #expect(try await call(gateway, "globex/a").status == 200) }
        // Over MCP it is the same quota.
        let session = try await gateway.post(
            "/mcp", headers: ["Authorization": "Bearer \(token("acme/b"))"], json: FakeMCP.initialize)
        let over = try await gateway.post(
            "/mcp",
            headers: [
                "Authorization": "Bearer \(token("acme/b"))", "Mcp-Session-Id": try #require(session["Mcp-Session-Id"]),
            ], json: MCPMessage.legacyCall("echo", ["text": "x"])
        ).answer()
        #expect(over.text?.hasPrefix("OVERLOADED: Tenant 'acme'") == true, "\(over.json)")
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func asynchronousCallsAreCountedForTheTenant() async throws {
        let gateway = try await GatewayProcess.start("[limits]\ndrain_timeout = 1\n\n" + config("max_pending = 2"))
        try await gateway.running(["one"])
        for agent in ["acme/a", "acme/b"] {
            #expect(try await call(gateway, agent, "hang", ["key": "k"], path: "/call/async").status == 202)
        }
        refused(try await call(gateway, "acme/a", path: "/call/async"), "max_pending")
        #expect(try await call(gateway, "globex/a", path: "/call/async").status == 202)
        // What waits for its answer has bounds of its own.
        #expect(try await call(gateway, "acme/a").status == 200)
        #expect(try await gateway.stop(within: .seconds(40)) == .code(0))
    }
}
