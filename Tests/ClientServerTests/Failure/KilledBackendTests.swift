import GateProtocol
import GateTestKit
import Testing

/// A backend that is killed in the middle of calls.
@Suite(.serialized) struct KilledBackendTests {
    private struct Scene {
        let directory: TemporaryDirectory
        let ledger: Pipe
        let gateway: GatewayProcess

        init() async throws {
            directory = try TemporaryDirectory()
            ledger = try await Pipe.reading(directory.file("ledger"))
            let config = try Backends.fake("victim", ["--ledger", ledger.path]) + Backends.fake("other")
            gateway = try await GatewayProcess.start(config)
            try await gateway.running(["victim", "other"])
        }

        /// Kills the victim, and says when.
        func kill() async throws -> ContinuousClock.Instant {
            let pid = try #require(try await gateway.server("victim")["pid"]?.intValue)
            let now = ContinuousClock.now
            #expect(Processes.kill(pid))
            return now
        }

        /// What comes of the call, and when.
        func timed(_ call: @Sendable () async throws -> HTTPReply) async throws -> (HTTPReply, ContinuousClock.Instant)
        {
            let reply = try await call()
            return (reply, .now)
        }
    }

    @Test func everyCallInFlightIsAnsweredAtOnceAndTheServerIsBack() async throws {
        let scene = try await Scene()
        let gateway = scene.gateway
        let session = try await gateway.openSession()
        let names = try await gateway.names()
        let hang = try #require(names["victim/hang"])

        async let rest = scene.timed {
            try await gateway.post("/call", json: #"{"server":"victim","tool":"hang","arguments":{"key":"rest"}}"#)
        }
        async let legacy = scene.timed {
            try await gateway.post("/mcp", headers: session, json: MCPMessage.legacyCall(hang, ["key": "legacy"]))
        }
        async let modern = scene.timed {
            try await gateway.post(
                "/mcp", headers: MCPMessage.modernHeaders(call: hang),
                json: MCPMessage.modernCall(hang, ["key": "modern"], id: "m"))
        }
        // Calls of another backend, begun before and finished after.
        async let others = withThrowingTaskGroup(of: String?.self) { group in
            for number in 0..<10 {
                group.addTask { try await gateway.call("other", "sleep", ["ms": .init(300 + number)]).text }
            }
            var texts: Set<String> = []
            for try await text in group { texts.insert(text ?? "none") }
            return texts
        }
        for key in ["rest", "legacy", "modern"] { try await scene.ledger.line("\"\(key)\"") }
        let mark = gateway.logged
        let killed = try await scene.kill()

        let (restReply, restTime) = try await rest
        #expect(restTime - killed < .milliseconds(200))
        #expect(restReply.status == 502)
        let error = try JSONReply(restReply).json
        #expect(error["code"] == "BACKEND_DIED")
        #expect(error["sent"] == true)
        #expect(error["retryable"] == false)
        #expect(error["server"] == "victim")

        for (reply, time) in try await [legacy, modern] {
            #expect(time - killed < .milliseconds(200))
            #expect(reply.status == 200)
            let answer = try reply.answer()
            #expect(answer.json["result"]?["isError"] == true, "\(reply.text)")
            #expect(answer.text?.contains("BACKEND_DIED") == true, "\(reply.text)")
            #expect(answer.text?.contains("Check the effect before you call it again") == true, "\(reply.text)")
        }

        try await gateway.running(["victim"], from: mark)
        #expect(try await gateway.call("victim", "echo", ["text": "again"]).text == "again")
        let after = try await gateway.post(
            "/mcp", headers: session, json: MCPMessage.legacyCall(names["victim/echo"] ?? "", ["text": "same session"]))
        #expect(try after.answer().text == "same session")
        #expect(try await others == Set((0..<10).map { "slept \(300 + $0) ms" }))
        #expect(try await gateway.server("other")["restarts"] == 0)
        #expect(try await gateway.stop() == .code(0))
    }

    /// A call that dies with its backend is never sent a second time.
    @Test func theCallIsNotRepeated() async throws {
        let directory = try TemporaryDirectory()
        let gateway = try await GatewayProcess.start(
            Backends.fake("victim", ["--ledger", directory.file("ledger")]))
        try await gateway.running(["victim"])
        let mark = gateway.logged
        let reply = try await gateway.call("victim", "crash", ["when": "after", "key": "once"])
        #expect(reply.status == 502)
        #expect(reply.json["code"] == "BACKEND_DIED")
        #expect(reply.json["sent"] == true)
        try await gateway.running(["victim"], from: mark)
        _ = try await gateway.call("victim", "echo", ["key": "next"])
        let lines = (directory.read("ledger") ?? "").split(separator: "\n")
        #expect(lines.count { $0.contains("\"once\"") } == 1)
        #expect(lines.count { $0.contains("\"next\"") } == 1)
    }
}
