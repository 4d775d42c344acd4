import GateProtocol
import GateTestKit
import Testing

/// What callers see while the gateway stops.
@Suite(.serialized) struct DrainTests {
    /// A gateway that stops as soon as the test has told it to, held up by one call.
    private struct Scene {
        let directory: TemporaryDirectory
        let ledger: Pipe
        let gateway: GatewayProcess

        init(_ config: String = "") async throws {
            directory = try TemporaryDirectory()
            ledger = try await Pipe.reading(directory.file("ledger"))
            gateway = try await GatewayProcess.start(
                config + Backends.fake("one", ["--ledger", ledger.path]))
            try await gateway.running(["one"])
        }

        func stopping() async throws {
            gateway.program.signal(15)
            try await gateway.log("stopping: calls in flight have")
        }
    }

    @Test func newWorkIsRefusedInWordsWhileCallsFinish() async throws {
        let scene = try await Scene()
        let gateway = scene.gateway
        let session = try await gateway.openSession()
        let name = try #require(try await gateway.names()["one/echo"])
        let notices = try await EventStream.open("GET", port: gateway.port, "/mcp", headers: session)
        #expect(notices.head.status == 200)
        async let call = gateway.call("one", "sleep", ["ms": 3000, "key": "in flight"])
        let progress = try #require(try await gateway.names()["one/progress"])
        let message: JSONValue = [
            "jsonrpc": "2.0", "id": 7, "method": "tools/call",
            "params": [
                "name": .string(progress), "arguments": ["n": 6, "ms": 500, "key": "streams"],
                "_meta": ["progressToken": "p"],
            ],
        ]
        async let streamed = gateway.post("/mcp", headers: session, json: message.text)
        try await scene.ledger.line("in flight")
        try await scene.ledger.line("streams")
        try await scene.stopping()

        // Streams end.
        #expect(await (try? notices.events.first(within: .seconds(10)) { _ in false }) == nil)
        #expect(notices.events.isEnded)
        // All of these come on connections of their own, made after the signal.
        let health = try await gateway.get("/health")
        #expect(health.status == 200)
        #expect(try JSONReply(health).json["status"] == "draining")
        #expect(health["Connection"] == "close")
        let rest = try await gateway.post("/call", json: #"{"server":"one","tool":"echo","arguments":{}}"#)
        #expect(rest.status == 503)
        #expect(rest["Retry-After"] == "5")
        let error = try JSONReply(rest).json
        #expect(error["code"] == "DRAINING")
        #expect(error["sent"] == false)
        #expect(error["retryable"] == true)
        let mcp = try await gateway.post("/mcp", headers: session, json: MCPMessage.legacyCall(name))
        #expect(mcp.status == 200)
        #expect(try mcp.answer().json["result"]?["isError"] == true)
        #expect(try mcp.answer().text?.contains("DRAINING") == true, "\(mcp.text)")
        let hello = try await gateway.post("/mcp", json: FakeMCP.initialize)
        #expect(hello.status == 503)
        #expect(hello["Retry-After"] == "5")
        #expect(hello["Mcp-Session-Id"] == nil)
        #expect(try JSONReply(hello).json["error"]?["code"] == 1006)
        let stream = try await HTTP.get(
            port: gateway.port, "/mcp", headers: session.merging(["Accept": "text/event-stream"]) { $1 })
        #expect(stream.status == 503)
        for (path, body) in [("/server/restart", #"{"name":"one"}"#), ("/gateway/reload", "{}")] {
            let reply = try await gateway.admin("POST", path, json: body)
            #expect(reply.status == 503, "\(path)")
            #expect(try JSONReply(reply).json["code"] == "DRAINING", "\(path)")
        }
        // Asking for what is under way anyhow is no second signal.
        #expect(try await gateway.admin("POST", "/gateway/stop", json: "{}").status == 202)

        #expect(try await call.text == "slept 3000 ms")
        let answer = try await streamed
        #expect(answer["Content-Type"] == "text/event-stream")
        #expect(try answer.answer().text == "done after 6 steps")
        #expect(try await gateway.program.exit() == .code(0))
    }

    @Test func aCallThatDoesNotEndIsAnsweredAndTheGatewayEnds() async throws {
        let scene = try await Scene("[limits]\ndrain_timeout = 1\n")
        let gateway = scene.gateway
        let pid = try await gateway.pid("one")
        async let call = gateway.call("one", "hang", ["key": "hanging"])
        try await scene.ledger.line("hanging")
        try await scene.stopping()
        let reply = try await call
        #expect(reply.json["sent"] == true, "\(reply.json.text)")
        #expect(try await gateway.program.exit() == .code(0))
        #expect(try await Processes.gone(pid))
    }

    @Test func aSecondSignalEndsItAtOnce() async throws {
        let scene = try await Scene()
        let gateway = scene.gateway
        let pid = try await gateway.pid("one")
        async let call = gateway.call("one", "hang", ["key": "hanging"])
        try await scene.ledger.line("hanging")
        try await scene.stopping()
        #expect(try await gateway.get("/health").status == 200)
        let start = ContinuousClock.now
        gateway.program.signal(2)
        #expect(try await gateway.program.exit() == .code(130))
        #expect(ContinuousClock.now - start < .seconds(10), "the drain time is thirty")
        #expect(try await Processes.gone(pid, within: .seconds(10)))
        _ = try? await call
    }
}
