import GateProtocol
import GateTestKit
import Testing

/// Every message that the gateway sends is valid by the official schema of the revision in force.
@Suite(.serialized) struct SchemaTests {
    private static func tap(_ log: String) -> [String] {
        [Products.checkout + "/Tests/python/wiretap.py", "--log", log]
    }

    /// A reverse proxy that writes down what passes.
    private static func proxy(_ target: String, log: String) async throws -> (program: Program, url: String) {
        let program = try Program(Products.python("new"), tap(log) + ["http", target])
        return (program, try await program.address())
    }

    private func expectValid(_ log: String, _ direction: String) async throws {
        let run = try await Program.run(
            Products.python("new"),
            [Products.checkout + "/Tests/python/validate.py", "--direction", direction, log])
        #expect(run.exit == .code(0), "\(run.output.suffix(6000)) \(run.errors)")
        let last = try JSONValue(parsing: String(run.output.split(separator: "\n").last ?? "null"))
        #expect(last["invalid"] == 0)
        #expect((last["checked"]?.intValue ?? 0) > 0)
    }

    @Test func allMessagesToAgentsAndServersAreValid() async throws {
        let directory = try TemporaryDirectory()
        let server = try await PythonServer.start("new")
        let oldServer = try await PythonServer.start("old")
        let logs = ["modern", "legacy", "time", "http-new", "http-old"].map { directory.file("\($0).log") }
        let new = try await SchemaTests.proxy(server.url, log: logs[3])
        let old = try await SchemaTests.proxy(oldServer.url, log: logs[4])
        let fake = try Products.path("fakemcp")
        let config = try [
            Backends.stdio(
                "modern", Products.python("new"),
                SchemaTests.tap(logs[0]) + ["stdio", fake, "--era", "modern", "--page-size", "5"]),
            Backends.stdio(
                "legacy", Products.python("new"),
                SchemaTests.tap(logs[1]) + ["stdio", fake, "--era", "legacy", "--page-size", "5"]),
            Backends.stdio(
                "time", Products.python("new"),
                SchemaTests.tap(logs[2]) + ["stdio", Products.script("mcp-server-time", in: "new")]),
            Backends.http("http-new", new.url + "/mcp"), Backends.http("http-old", old.url + "/mcp"),
        ]
        let gateway = try await GatewayProcess.start(config.joined())
        try await gateway.running(["modern", "legacy", "time", "http-new", "http-old"])
        let agents = directory.file("agents.log")
        let front = try await SchemaTests.proxy(gateway.baseURL, log: agents)
        let names = try await gateway.names()
        let calls: [(tool: String, arguments: JSONValue)] = try ["modern", "legacy"].flatMap { server in
            try [
                ("echo", ["text": "x"]), ("progress", ["n": 3]), ("fail", [:]), ("structured", ["a": 1, "b": 2]),
                ("kinds", [:]), ("big", ["bytes": 200_000]), ("log", ["message": "a line"]),
                ("add_tool", ["name": .string("added_\(server)")]), ("crash", ["when": "after"]),
            ].map { (tool: String, arguments: JSONValue) in (try #require(names["\(server)/\(tool)"]), arguments) }
        }
        let more: [(tool: String, arguments: JSONValue)] = [
            (try #require(names["time/get_current_time"]), ["timezone": "UTC"]),
            (try #require(names["http-new/steps"]), ["n": 2]), (try #require(names["http-old/steps"]), ["n": 2]),
            (try #require(names["http-new/fail"]), [:]),
            ("gate_discover", ["query": "echo"]), ("gate_status", [:]),
            ("gate_call", ["server": "http-old", "tool": "add", "arguments": ["a": 1, "b": 2]]),
        ]
        for client in [PythonClient.current, .currentLegacy, .old] {
            let mark = gateway.logged
            let run = try await client.run(url: front.url + "/mcp", more + calls)
            #expect(run.all("failed").isEmpty, "\(client): \(run.steps.map(\.text))")
            #expect(run.all("call").count == more.count + calls.count, "\(run.steps.map(\.text))")
            try await gateway.running(["modern", "legacy"], from: mark)
        }
        #expect(try await gateway.stop() == .code(0))
        try await expectValid(agents, "to_client")
        for log in logs { try await expectValid(log, "to_server") }
        _ = (new.program, old.program, front.program)
    }
}
