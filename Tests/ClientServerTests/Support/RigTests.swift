import GateTestKit
import Testing

/// The tools of the other tests: what they rely on holds.
@Suite struct RigTests {
    @Test func ledgerHasExecutedCallsOnlyAndBeforeTheAnswer() async throws {
        let directory = try TemporaryDirectory()
        let server = try FakeMCP(stdio: ["--ledger", directory.file("ledger")])
        _ = try await server.ask(FakeMCP.initialize, id: 0)
        _ = try await server.ask(FakeMCP.call("count", #"{"key":"one"}"#, id: 1), id: 1)
        _ = try await server.ask(FakeMCP.call("no_such_tool", id: 2), id: 2)
        try await server.program.send(FakeMCP.call("crash", #"{"when":"after","key":"two"}"#, id: 3) + "\n")
        #expect(try await server.program.exit() == .code(70))
        let ledger = (directory.read("ledger") ?? "").split(separator: "\n")
        #expect(ledger.count == 2)
        #expect(ledger.first?.contains(#""tool":"count","key":"one""#) == true)
        #expect(ledger.last?.contains(#""tool":"crash","key":"two""#) == true)
    }

    @Test func crashBeforeLeavesNoTrace() async throws {
        let directory = try TemporaryDirectory()
        let server = try FakeMCP(stdio: ["--ledger", directory.file("ledger")])
        try await server.program.send(FakeMCP.initialize + "\n" + FakeMCP.call("crash", id: 1) + "\n")
        #expect(try await server.program.exit() == .code(70))
        #expect(directory.read("ledger") == "")
    }

    @Test func oldServerFallsSilentAndDiesAtTheNextMessage() async throws {
        let server = try FakeMCP(stdio: ["--era", "old"])
        try await server.program.send(#"{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{}}"# + "\n")
        try await server.program.send(FakeMCP.initialize + "\n")
        #expect(try await server.program.exit() == .code(1))
        #expect(server.program.output.all.isEmpty)
    }

    @Test func cancelledCallIsRecordedAndNeverAnswered() async throws {
        let server = try FakeMCP()
        _ = try await server.ask(FakeMCP.initialize, id: 0)
        try await server.program.send(FakeMCP.call("hang", #"{"key":"k"}"#, id: 7) + "\n")
        try await server.program.send(
            #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}"# + "\n")
        let answer = try await server.ask(FakeMCP.call("cancelled", id: 8), id: 8)
        #expect(answer.contains(#""structuredContent":{"cancelled":[{"id":7,"tool":"hang","key":"k"}]}"#))
    }

    @Test func termIsIgnoredUntilTheGroupIsKilled() async throws {
        let server = try FakeMCP(stdio: ["--evil", "ignore-term"])
        _ = try await server.ask(FakeMCP.initialize, id: 0)
        server.program.signal(15)
        server.program.closeInput()
        #expect(try await server.program.stop(within: .milliseconds(200)) == .signal(9))
    }

    @Test func httpSessionStreamsProgressThenAnswers() async throws {
        let server = try await FakeMCP.http(["--era", "legacy"])
        let port = try server.httpPort
        let hello = try await HTTP.post(port: port, "/mcp", json: FakeMCP.initialize)
        let session = try #require(hello["mcp-session-id"])
        let call = """
            {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"progress","arguments":{"n":2},\
            "_meta":{"progressToken":"t"}}}
            """
        let stream = try await EventStream.open(
            "POST", port: port, "/mcp", headers: ["Mcp-Session-Id": session, "Content-Type": "application/json"],
            body: Array(call.utf8))
        #expect(stream.head["Content-Type"] == "text/event-stream")
        #expect(try await stream.next().data.contains(#""progress":1"#))
        #expect(try await stream.next().data.contains(#""progress":2"#))
        #expect(try await stream.next().data.contains("done after 2 steps"))
        await #expect(throws: TestKitError.self) { try await stream.next() }

        let stranger = try await HTTP.post(
            port: port, "/mcp", headers: ["Mcp-Session-Id": "none"], json: FakeMCP.call("echo", id: 2))
        #expect(stranger.status == 404)
    }

    @Test func modernHeadersMustAgreeWithTheBody() async throws {
        let server = try await FakeMCP.http(["--era", "modern"])
        let list = """
            {"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{\
            "io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}
            """
        let good = ["MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/list"]
        let answer = try await HTTP.post(port: server.httpPort, "/mcp", headers: good, json: list)
        #expect(answer.status == 200)
        #expect(answer.text.contains(#""resultType":"complete""#))
        let bad = good.merging(["Mcp-Method": "tools/call"]) { _, new in new }
        let refused = try await HTTP.post(port: server.httpPort, "/mcp", headers: bad, json: list)
        #expect(refused.status == 400)
        #expect(refused.text.contains("-32020"))
    }

    @Test func programRunsInADirectoryWithJustItsEnvironment() async throws {
        let directory = try TemporaryDirectory()
        let run = try await Program.run(
            "/bin/sh", ["-c", "pwd; echo \"$A\"; cat; echo problem >&2; exit 3"], input: "typed\n",
            environment: ["A": "b c", "PATH": "/usr/bin:/bin"], directory: directory.path)
        #expect(run.exit == .code(3))
        #expect(run.output.hasSuffix("\nb c\ntyped"))
        #expect(run.output.hasPrefix(directory.path))
        #expect(run.errors == "problem")
    }
}
