import GateProtocol
import GateTestKit
import Testing

/// One agent's share, and one deadline for each call.
@Suite(.timeLimit(.minutes(2)))
struct AgentLimitTests {
    private func call(
        _ gateway: GatewayProcess, _ agent: String, _ tool: String, _ arguments: JSONValue = [:]
    ) async throws -> HTTPReply {
        let body: JSONValue = ["server": "well", "tool": .string(tool), "arguments": arguments]
        return try await gateway.post("/call", headers: ["X-Stonegate-Agent": agent], json: body.text)
    }

    @Test func anAgentWithTooManyCallsUnderWayIsRefusedAndOthersAreNot() async throws {
        let gateway = try await GatewayProcess.start(
            "[gateway]\nagent_in_flight = 2\n\n" + Backends.fake("well"))
        try await gateway.running(["well"])
        async let first = call(gateway, "greedy", "sleep", ["ms": 4_000])
        async let second = call(gateway, "greedy", "sleep", ["ms": 4_000])
        while try await gateway.server("well")["in_flight"] != 2 {}
        let refused = try await call(gateway, "greedy", "echo", ["text": "x"])
        #expect(refused.status == 503)
        #expect(refused["Retry-After"] == "1")
        let json = try JSONReply(refused).json
        #expect(json["code"] == "OVERLOADED")
        #expect(json["sent"] == false)
        #expect(json["error"]?.stringValue?.contains("Agent 'greedy'") == true)
        #expect(json["error"]?.stringValue?.contains("gateway.agent_in_flight") == true)
        #expect(try await call(gateway, "modest", "echo", ["text": "x"]).status == 200)
        // Over MCP the agent is the one that the session was opened by.
        let session = try await gateway.openSession()
        let names = try await gateway.names()
        let echo = try #require(names["well/echo"])
        let other = try await gateway.post(
            "/mcp", headers: session.merging(["X-Stonegate-Agent": "greedy"]) { $1 },
            json: MCPMessage.legacyCall(echo, ["text": "x"]))
        #expect(try other.answer().text?.hasPrefix("OVERLOADED: Agent 'greedy'") == true)
        #expect(try await [first, second].map(\.status) == [200, 200])
        #expect(try await call(gateway, "greedy", "echo", ["text": "x"]).status == 200)
        try await gateway.stop()
    }

    @Test func anAgentThatCallsTooOftenIsRefusedAndOthersAreNot() async throws {
        // A rate so low that the test cannot earn a call while it runs.
        let gateway = try await GatewayProcess.start("[gateway]\nagent_rate = 1\n\n" + Backends.fake("well"))
        try await gateway.running(["well"])
        var statuses: [Int] = []
        for _ in 0..<30 { statuses.append(try await call(gateway, "greedy", "echo", ["text": "x"]).status) }
        #expect(statuses.prefix(2) == [200, 200])
        #expect(statuses.contains(503))
        #expect(try await call(gateway, "modest", "echo", ["text": "x"]).status == 200)
        try await gateway.stop()
    }

    /// Over MCP, in both eras: the deadline holds though progress arrives, the server is told, the late answer is dropped.
    @Test(arguments: [true, false])
    func theTimeoutOfACallStandsInItsMeta(isModern: Bool) async throws {
        let gateway = try await GatewayProcess.start(Backends.fake("well", ["--evil", "late-reply"]))
        try await gateway.running(["well"])
        let names = try await gateway.names()
        let progress = try #require(names["well/hang"])
        let session = try await gateway.openSession()
        let meta: [(String, JSONValue)] = [("stonegate/timeout", 400), ("example/kept", "yes")]

        func send(_ tool: String, _ arguments: JSONValue, _ meta: [(String, JSONValue)]) async throws -> JSONReply {
            if isModern {
                return try await gateway.post(
                    "/mcp", headers: MCPMessage.modernHeaders(call: tool),
                    json: MCPMessage.modernCall(tool, arguments, meta: meta)
                ).answer()
            }
            let message: JSONValue = [
                "jsonrpc": "2.0", "id": 1, "method": "tools/call",
                "params": [
                    "name": .string(tool), "arguments": arguments, "_meta": .object(JSONObject(meta)),
                ],
            ]
            return try await gateway.post("/mcp", headers: session, json: message.text).answer()
        }

        let timedOut = try await send(progress, ["key": "k"], meta)
        #expect(timedOut.text?.hasPrefix("TIMEOUT: ") == true, "\(timedOut.json.text)")
        #expect(timedOut.json["result"]?["structuredContent"]?["sent"] == true)
        for bad: JSONValue in [0, -5, "400", .number("1.5"), true, .number("1e3")] {
            let refused = try await send(progress, [:], [("stonegate/timeout", bad)])
            #expect(refused.json["error"]?["code"] == -32602, "\(bad.text): \(refused.json.text)")
            #expect(refused.json["error"]?["message"]?.stringValue?.contains("stonegate/timeout") == true)
        }
        try await gateway.stop()
    }

    @Test func theTimeoutIsNotPassedOnAndOtherMembersAre() async throws {
        let gateway = try await GatewayProcess.start(Backends.fake("well"))
        try await gateway.running(["well"])
        let raw = try #require(try await gateway.names()["well/raw"])
        let reply = try await gateway.post(
            "/mcp", headers: MCPMessage.modernHeaders(call: raw),
            json: MCPMessage.modernCall(raw, meta: [("stonegate/timeout", 5_000), ("example/kept", "yes")]))
        let text = try #require(try reply.answer().text)
        #expect(text.contains(#""example/kept":"yes""#))
        #expect(!text.contains("stonegate/timeout"))
        try await gateway.stop()
    }

    @Test func theDeadlineHoldsThoughProgressArrivesAndTheLateAnswerIsDropped() async throws {
        let gateway = try await GatewayProcess.start(Backends.fake("well", ["--evil", "late-reply"]))
        try await gateway.running(["well"])
        let tool = try #require(try await gateway.names()["well/progress"])
        let stream = try await EventStream.open(
            "POST", port: gateway.port, "/mcp",
            headers: MCPMessage.modernHeaders(call: tool).merging([
                "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
            ]) { $1 },
            body: Array(
                MCPMessage.modernCall(
                    tool, ["n": 1_000, "ms": 20], meta: [("progressToken", "p"), ("stonegate/timeout", 700)]
                ).utf8))
        let answer = try await stream.events.first { $0.data.contains("\"result\"") }.element
        #expect(answer.data.contains("TIMEOUT"))
        #expect(stream.events.all.count > 2, "progress came before")
        let echo = try await gateway.post(
            "/call", headers: ["X-Stonegate-Timeout": "300"],
            json: #"{"server":"well","tool":"echo","arguments":{"text":"late"}}"#)
        #expect(try JSONReply(echo).json["code"] == "TIMEOUT")
        // This server answers when it is told to cancel; nobody waits for that answer any more, and it is counted.
        var strays = 0
        for _ in 0..<500 where strays == 0 {
            strays = try await gateway.server("well")["stray_messages"]?.intValue ?? 0
        }
        #expect(strays > 0)
        try await gateway.stop()
    }
}
