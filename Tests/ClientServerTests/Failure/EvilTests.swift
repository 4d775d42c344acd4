import GateProtocol
import GateTestKit
import Testing

/// A backend that misbehaves, beside one that does not.
@Suite(.serialized) struct EvilTests {
    static let stdio = [
        "banner", "exit0", "exit-after=1", "hang-init", "close-stdin", "close-stdout", "no-read", "fork-grandchild",
        "ignore-term", "daemonize", "escape", "fork-many=20", "stderr-flood", "garbage", "half-json", "huge-line",
        "no-newline", "dup-reply", "wrong-id",
        "late-reply", "reorder", "server-request", "bad-utf8", "nul", "crlf", "progress-storm", "list-change-storm",
        "escape-codes", "schema-bomb", "collide-names", "bad-tools", "cursor-loop", "rug-pull",
    ]
    static let http = ["http-redirect", "http-401", "http-500", "http-close", "http-forget"]

    @Test func allModesAreTested() async throws {
        let help = try await Program.run(Products.path("fakemcp"), ["--help"]).output
        let line = try #require(help.split(separator: "\n").first { $0.contains("--evil MODE") })
        let modes = line.split(separator: " ").dropFirst(2).map(String.init)
        #expect(Set(modes) == Set((EvilTests.stdio + EvilTests.http).map { String($0.prefix { $0 != "=" }) }))
    }

    @Test(arguments: stdio) func healthyServerKeepsAnswering(beside mode: String) async throws {
        try await check(Backends.fake("evil", ["--evil", mode]))
    }

    @Test(arguments: http) func healthyServerKeepsAnswering(besideHTTP mode: String) async throws {
        let fake = try await FakeMCP.http(["--evil", mode])
        try await check(Backends.http("evil", "http://127.0.0.1:\(fake.httpPort)/mcp"))
        _ = try await fake.program.stop()
    }

    private func check(_ evil: String) async throws {
        let gateway = try await GatewayProcess.start(
            "[gateway]\nrequest_timeout = 1500\n\n" + Backends.fake("healthy") + evil)
        try await gateway.running(["healthy"])
        async let spoilt = withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<3 {
                group.addTask { try await gateway.call("evil", "echo", ["text": "to evil"]).status }
            }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        for number in 0..<40 {
            let start = ContinuousClock.now
            let reply = try await gateway.call("healthy", "echo", ["text": .string("call \(number)")])
            #expect(reply.status == 200)
            #expect(reply.text == "call \(number)")
            #expect(ContinuousClock.now - start < .seconds(1))
        }
        // Whatever became of these calls, they were answered, in JSON, in the time of a call.
        for status in try await spoilt { #expect(status == 200 || status == 404 || (500..<600).contains(status)) }
        let reply = try await gateway.call("healthy", "add", ["a": 1, "b": 2])
        #expect(reply.text == "3")
        let health = try await gateway.json("/health")
        #expect(health["backends_total"] == 2)
        #expect(try await gateway.server("healthy")["restarts"] == 0)
        #expect(try await gateway.get("/tools").status == 200)
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func slowServersDelayNothing() async throws {
        let config = try [
            Backends.fake("hanging", ["--evil", "hang-init"]),
            Backends.fake("slow", ["--start-delay-ms", "20000"]),
            Backends.stdio("mute", "/bin/sleep", ["60"]),
            Backends.stdio("missing", "/no/such/program"),
            Backends.http("nobody", "http://127.0.0.1:\(Sockets.freePort())/mcp"),
            Backends.fake("healthy"),
        ]
        let gateway = try await GatewayProcess.start(config.joined())
        try await gateway.running(["healthy"])
        let clock = ContinuousClock()
        var names: [String: String] = [:]
        #expect(try await clock.measure { names = try await gateway.names() } < .milliseconds(500))
        #expect(names["healthy/echo"] == "echo")
        var health: JSONValue = .null
        #expect(try await clock.measure { health = try await gateway.json("/health") } < .milliseconds(500))
        #expect(health["status"] == "degraded")
        #expect(health["backends_healthy"] == 1)
        var session: [String: String] = [:]
        #expect(try await clock.measure { session = try await gateway.openSession() } < .milliseconds(500))
        let list = try await gateway.post(
            "/mcp", headers: session, json: #"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#)
        #expect(try list.answer().json["result"]?["tools"]?.text.contains(#""name":"echo""#) == true)
        let call = try await gateway.post("/mcp", headers: session, json: MCPMessage.legacyCall("echo", ["text": "hi"]))
        #expect(try call.answer().text == "hi")
        let missing = try await gateway.server("missing")
        #expect(missing["status"] != "running")
        #expect(missing.text.contains("/no/such/program"), "\(missing.text)")
        #expect(try await gateway.stop() == .code(0))
    }
}
