import GateProtocol
import GateTestKit
import Testing

/// Every way in which a call can fail, over REST and over MCP: which it was, whether it was sent, and where to find it in the log.
@Suite(.timeLimit(.minutes(3)))
struct FailureWordsTests {
    struct Case: Sendable {
        let code: String
        let sent: Bool
        let retryable: Bool
        let server: String
        let tool: String
        var arguments: JSONValue = [:]
        /// Milliseconds for the whole call.
        var timeout: Int?
    }

    static let cases: [Case] = [
        Case(code: "SERVER_NOT_FOUND", sent: false, retryable: false, server: "nowhere", tool: "echo"),
        Case(code: "STARTING", sent: false, retryable: true, server: "slow", tool: "echo", timeout: 300),
        Case(code: "BACKEND_DOWN", sent: false, retryable: true, server: "halted", tool: "echo"),
        Case(code: "OVERLOADED", sent: false, retryable: true, server: "busy", tool: "echo"),
        Case(code: "CIRCUIT_OPEN", sent: false, retryable: true, server: "failing", tool: "echo"),
        Case(code: "TIMEOUT", sent: true, retryable: false, server: "well", tool: "hang", timeout: 300),
        Case(
            code: "BACKEND_DIED", sent: true, retryable: false, server: "mortal", tool: "crash",
            arguments: ["when": "after"]),
        Case(code: "OUTCOME_UNKNOWN", sent: true, retryable: false, server: "closing", tool: "add"),
        Case(code: "BACKEND_PROTOCOL_ERROR", sent: true, retryable: false, server: "garbled", tool: "add"),
    ]

    @Test func everyFailureSaysWhichItWas() async throws {
        let closing = try await FakeMCP.http(["--evil", "http-close"])
        let failing = try await FakeMCP.http(["--evil", "http-close"])
        let garbled = try await FakeMCP.http(["--evil", "garbage"])
        let config =
            try Backends.fake("well") + Backends.fake("mortal") + Backends.fake("halted")
            + Backends.fake("slow", ["--start-delay-ms", "600000"])
            + Backends.fake("busy") + "max_in_flight = 1\nmax_queue = 1\n\n"
            + Backends.http("failing", "http://127.0.0.1:\(failing.httpPort)/mcp")
            + "circuit_breaker = { failure_threshold = 1, reset_timeout = 600 }\n\n"
            + Backends.http("closing", "http://127.0.0.1:\(closing.httpPort)/mcp")
            + Backends.http("garbled", "http://127.0.0.1:\(garbled.httpPort)/mcp")
        let gateway = try await GatewayProcess.start(config)
        try await gateway.running(["well", "mortal", "halted", "busy", "failing", "closing", "garbled"])
        _ = try await gateway.admin("POST", "/server/stop", json: #"{"name":"halted"}"#)
        try await gateway.log("[halted] server is stopped")
        _ = try await gateway.call("failing", "add", ["a": 1, "b": 2])
        // One call at the server, one in the line.
        async let first = gateway.call("busy", "hang")
        async let second = gateway.call("busy", "hang")
        while true {
            let busy = try await gateway.server("busy")
            if busy["in_flight"] == 1, busy["queued"] == 1 { break }
        }
        let session = try await gateway.openSession()

        for item in FailureWordsTests.cases {
            try await overREST(item, gateway)
            if item.code == "BACKEND_DIED" { try await gateway.running(["mortal"], from: gateway.logged - 1) }
            try await overMCP(item, gateway, session)
        }
        _ = try await gateway.admin("POST", "/server/stop", json: #"{"name":"busy"}"#)
        #expect(try await [first, second].allSatisfy { $0.status >= 500 })
        try await gateway.stop()
    }

    private func overREST(_ item: Case, _ gateway: GatewayProcess) async throws {
        let body: JSONValue = [
            "server": .string(item.server), "tool": .string(item.tool), "arguments": item.arguments,
        ]
        var headers: [String: String] = [:]
        if let timeout = item.timeout { headers["X-Stonegate-Timeout"] = "\(timeout)" }
        let reply = try await gateway.post("/call", headers: headers, json: body.text)
        let json = try JSONReply(reply).json
        #expect(json["code"]?.stringValue == item.code, "\(reply.text)")
        #expect(reply.status == ErrorCode(rawValue: item.code).traits.status, "\(item.code)")
        #expect((reply["Retry-After"] != nil) == (json["retry_after"] != nil), "\(item.code)")
        if item.retryable { #expect(json["retry_after"] != nil, "\(item.code)") }
        try await check(json, item, gateway)
        if item.code == "CIRCUIT_OPEN" {
            #expect(
                reply.text.hasPrefix(
                    #"{"error":"Circuit open for server 'failing' — backend is failing","code":"CIRCUIT_OPEN""#))
        }
    }

    private func overMCP(_ item: Case, _ gateway: GatewayProcess, _ session: [String: String]) async throws {
        var headers = session
        if let timeout = item.timeout { headers["X-Stonegate-Timeout"] = "\(timeout)" }
        let call: JSONValue = [
            "server": .string(item.server), "tool": .string(item.tool), "arguments": item.arguments,
        ]
        let reply = try await gateway.post("/mcp", headers: headers, json: MCPMessage.legacyCall("gate_call", call))
        #expect(reply.status == 200)
        let answer = try reply.answer()
        let result = try #require(answer.json["result"], "\(reply.text)")
        #expect(result["isError"] == true)
        #expect(answer.text?.hasPrefix("\(item.code): ") == true, "\(reply.text)")
        let content = try #require(result["structuredContent"])
        #expect(content["code"]?.stringValue == item.code, "\(reply.text)")
        if item.retryable { #expect(answer.text?.contains("Nothing was executed; retry") == true, "\(reply.text)") }
        try await check(content, item, gateway)
    }

    private func check(_ json: JSONValue, _ item: Case, _ gateway: GatewayProcess) async throws {
        #expect(json["sent"]?.boolValue == item.sent, "\(item.code)")
        #expect(json["retryable"]?.boolValue == item.retryable, "\(item.code)")
        #expect(json["server"]?.stringValue == item.server, "\(item.code)")
        let id = try #require(json["correlation_id"]?.stringValue, "\(item.code)")
        let line = try await gateway.log(id)
        #expect(line.contains(item.code), "\(line)")
    }

    /// A caller that goes is not there to be told; the log is.
    @Test func aCancelledCallIsInTheLogAndTheServerIsTold() async throws {
        let gateway = try await GatewayProcess.start(Backends.fake("well"))
        try await gateway.running(["well"])
        let stream = Task {
            try await EventStream.open(
                "POST", port: gateway.port, "/call", headers: ["Content-Type": "application/json"],
                body: Array(#"{"server":"well","tool":"hang","arguments":{"key":"gone"}}"#.utf8), within: .seconds(2))
        }
        _ = try? await stream.value
        let line = try await gateway.log("call failed: CANCELLED")
        #expect(line.contains("sent=true"))
        #expect(line.contains("[well]"))
        var told = false
        for _ in 0..<200 where !told {
            told = try await gateway.call("well", "cancelled").text?.contains("gone") ?? false
        }
        #expect(told)
        try await gateway.stop()
    }
}
