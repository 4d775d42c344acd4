import GateProtocol
import GateTestKit
import Testing

/// Real clients whose connections break, and real clients of the transport of 2024-11-05.
@Suite(.serialized) struct ResumptionTests {
    @Test func theOldSDKGetsTheRestOfAnAnswer() async throws {
        let gateway = try await GatewayProcess.start(try Backends.fake("one"))
        try await gateway.running(["one"])
        let run = try await Program.run(
            Products.python("old"), [Products.checkout + "/Tests/python/resume_old.py", "\(gateway.port)"])
        #expect(run.exit == .code(0), "\(run.output) \(run.errors)")
        let facts = try JSONValue(parsing: run.output)
        #expect(facts["text"] == "done after 3 steps")
        #expect(facts["cuts"]?.intValue == 1)
        #expect((facts["resumed"]?.intValue ?? 0) >= 1, "\(facts.text)")
        #expect(facts["progress"]?.arrayValue?.compactMap(\.intValue) == [1, 2, 3], "\(facts.text)")
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func theOldTransportServesTheOldSDK() async throws {
        let config = try Backends.fake("one") + Backends.fake("two", ["--prefix", "two_"])
        let gateway = try await GatewayProcess.start(config)
        try await gateway.running(["one", "two"])
        let calls: [(tool: String, arguments: JSONValue)] = [
            ("echo", ["text": "grüße"]), ("progress", ["n": 3]), ("big", ["bytes": 3_000_000]),
            ("structured", ["a": 1, "b": 2]),
        ]
        let run = try await PythonClient.old.run(url: gateway.baseURL + "/sse", calls)
        #expect(run.exit == .code(0), "\(run.steps.map { $0.text.prefix(300) }) \(run.errors)")
        #expect(Set(run.tools).isSuperset(of: ["echo", "two_echo", "gate_call"]))
        #expect(run.texts.prefix(2) == ["grüße", "done after 3 steps"])
        #expect(run.all("call").dropFirst().first?["progress"]?.arrayValue?.count == 3)
        for path in ["/sse?servers=two", "/mcp/two/sse"] {
            let scoped = try await PythonClient.old.run(url: gateway.baseURL + path, [("two_echo", ["text": "2"])])
            #expect(scoped.exit == .code(0), "\(scoped.errors)")
            #expect(!scoped.tools.contains("echo"))
            #expect(scoped.tools.contains("two_echo"))
        }
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func theOldTransportIsGuardedLikeTheNew() async throws {
        let gateway = try await GatewayProcess.start(try Backends.fake("one"))
        for (method, path, headers, status) in [
            ("GET", "/sse", ["Host": "evil.example"], 421), ("GET", "/sse", ["Origin": "http://evil.example"], 403),
            ("POST", "/messages?session_id=x", ["Origin": "http://evil.example"], 403),
            ("POST", "/messages?session_id=x", ["Sec-Fetch-Site": "cross-site"], 403),
            ("POST", "/sse", [:], 405), ("GET", "/messages", [:], 405), ("GET", "/mcp/nobody/sse", [:], 404),
            ("POST", "/messages?session_id=x", ["Content-Type": "application/json"], 404),
        ] as [(String, String, [String: String], Int)] {
            let reply = try await HTTP.send(method, port: gateway.port, path, headers: headers)
            #expect(reply.status == status, "\(method) \(path) \(headers): \(reply.status) \(reply.text)")
        }
        #expect(try await gateway.stop() == .code(0))
    }
}
