import GateProtocol
import GateTestKit
import Testing

/// Calls whose answer is lost are carried out once and never again, and calls that were not sent are.
@Suite(.timeLimit(.minutes(5)))
struct ExactlyOnceTests {
    private static let rounds = 50

    private func lines(_ directory: TemporaryDirectory) -> [Substring] {
        (directory.read("ledger") ?? "").split(separator: "\n")
    }

    /// F-3 over HTTP: carried out, then the connection breaks.
    @Test func overHTTP() async throws {
        let directory = try TemporaryDirectory()
        let server = try await FakeMCP.http(["--ledger", directory.file("ledger"), "--evil", "http-close"])
        let gateway = try await GatewayProcess.start(
            Backends.http("closing", "http://127.0.0.1:\(server.httpPort)/mcp")
                + "circuit_breaker = { failure_threshold = 10000 }\n")
        try await gateway.running(["closing"])
        for round in 0..<ExactlyOnceTests.rounds {
            let reply = try await gateway.call("closing", "add", ["a": 1, "b": 2, "key": .string("r\(round)")])
            #expect(reply.json["code"] == "OUTCOME_UNKNOWN")
            #expect(reply.json["sent"] == true)
            #expect(reply.json["retryable"] == false)
        }
        let lines = lines(directory)
        #expect(lines.count == ExactlyOnceTests.rounds)
        for round in 0..<ExactlyOnceTests.rounds { #expect(lines.count { $0.contains("\"r\(round)\"") } == 1) }
        try await gateway.stop()
    }

    /// F-3 over stdio: carried out, then the process ends. A restart by hand after each death keeps it from being held back as
    /// one that crashes in a loop.
    @Test func overStdio() async throws {
        let directory = try TemporaryDirectory()
        let gateway = try await GatewayProcess.start(
            Backends.fake("mortal", ["--ledger", directory.file("ledger")])
                + "circuit_breaker = { failure_threshold = 10000 }\n")
        try await gateway.running(["mortal"])
        for round in 0..<ExactlyOnceTests.rounds {
            let mark = gateway.logged
            let reply = try await gateway.call("mortal", "crash", ["when": "after", "key": .string("r\(round)")])
            #expect(reply.json["code"] == "BACKEND_DIED", "\(round): \(reply.json.text)")
            #expect(reply.json["sent"] == true)
            #expect(reply.json["retryable"] == false)
            _ = try await gateway.admin("POST", "/server/restart", json: #"{"name":"mortal"}"#)
            try await gateway.running(["mortal"], from: mark)
        }
        let lines = lines(directory)
        #expect(lines.count == ExactlyOnceTests.rounds)
        for round in 0..<ExactlyOnceTests.rounds { #expect(lines.count { $0.contains("\"r\(round)\"") } == 1) }
        try await gateway.stop()
    }

    /// F-4: what the server says of its tools counts only where the operator trusts it.
    @Test(arguments: [false, true])
    func annotationsCountWhereTheyAreTrusted(trust: Bool) async throws {
        let directory = try TemporaryDirectory()
        let server = try await FakeMCP.http(["--ledger", directory.file("ledger"), "--evil", "http-close"])
        let gateway = try await GatewayProcess.start(
            Backends.http("closing", "http://127.0.0.1:\(server.httpPort)/mcp")
                + "trust_annotations = \(trust)\ncircuit_breaker = { failure_threshold = 10000 }\n")
        try await gateway.running(["closing"])
        for (tool, key) in [("get", "read"), ("put", "idempotent"), ("add", "plain"), ("count", "unsaid")] {
            let reply = try await gateway.call(
                "closing", tool, ["a": 1, "b": 2, "value": "v", "key": .string(key)])
            #expect(reply.json["code"] == "OUTCOME_UNKNOWN")
            #expect(reply.json["sent"] == true)
            #expect(reply.json["retryable"] == false)
        }
        let lines = lines(directory)
        for key in ["read", "idempotent"] { #expect(lines.count { $0.contains("\"\(key)\"") } == (trust ? 3 : 1)) }
        for key in ["plain", "unsaid"] { #expect(lines.count { $0.contains("\"\(key)\"") } == 1) }
        try await gateway.stop()
    }

    /// F-4: a server that is gone before the call is sent. Nothing happens twice, and nothing is called unknown that is not.
    @Test func aServerThatIsNotThere() async throws {
        let directory = try TemporaryDirectory()
        let server = try await FakeMCP.http(["--ledger", directory.file("ledger")])
        let gateway = try await GatewayProcess.start(
            Backends.http("gone", "http://127.0.0.1:\(server.httpPort)/mcp")
                + "health_check = false\ncircuit_breaker = { failure_threshold = 10000 }\n")
        try await gateway.running(["gone"])
        _ = try await server.program.stop()
        for _ in 0..<5 {
            let reply = try await gateway.call("gone", "add", ["a": 1, "b": 2])
            #expect(reply.json["code"] == "BACKEND_DOWN", "\(reply.json.text)")
            #expect(reply.json["sent"] == false)
            #expect(reply.json["retryable"] == true)
        }
        #expect(lines(directory).isEmpty)
        try await gateway.stop()
    }
}
