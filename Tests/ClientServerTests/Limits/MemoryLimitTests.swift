import GateProtocol
import GateTestKit
import Testing

/// Replies that nobody takes: the gateway refuses work before the machine has to.
@Suite(.timeLimit(.minutes(2)))
struct MemoryLimitTests {
    @Test func slowReadersCostOthersAnHonestRefusalAndTheirBytesComeBack() async throws {
        let gateway = try await GatewayProcess.start(
            "[limits]\nbuffered_bytes = 2097152\n\n" + Backends.fake("well"))
        try await gateway.running(["well"])
        let session = try await gateway.openSession()
        var slow: [HTTPConnection] = []
        // Each reply is larger than what the sockets between take, and is not read.
        for _ in 0..<4 {
            let connection = try HTTPConnection(port: gateway.port, within: .seconds(60))
            try connection.send(
                "POST", "/call", ["Content-Type": "application/json"],
                Array(#"{"server":"well","tool":"big","arguments":{"bytes":8000000}}"#.utf8))
            slow.append(connection)
            if try await buffered(gateway) > 1_900_000 { break }
        }
        while try await buffered(gateway) < 1_900_000 {}

        let refused = try await gateway.call("well", "echo", ["text": "x"])
        #expect(refused.status == 503)
        #expect(refused.json["code"] == "OVERLOADED")
        #expect(refused.json["sent"] == false)
        #expect(refused.json["retry_after"] != nil)
        #expect(refused.json["error"]?.stringValue?.contains("limits.buffered_bytes") == true)
        let hello = try await gateway.post("/mcp", json: FakeMCP.initialize)
        #expect(hello.status == 503)
        #expect(hello["Retry-After"] != nil)
        // Looking at the gateway still works, and so does a session that is there.
        #expect(try await gateway.get("/health").status == 200)
        let list = try await gateway.post(
            "/mcp", headers: session, json: #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
        #expect(list.status == 200)

        slow.removeAll()
        while try await buffered(gateway) > 0 {}
        #expect(try await gateway.call("well", "echo", ["text": "x"]).text == "x")
        #expect(try await gateway.post("/mcp", json: FakeMCP.initialize).status == 200)
        try await gateway.stop()
    }

    private func buffered(_ gateway: GatewayProcess) async throws -> Int {
        try await gateway.json("/stats")["memory"]?["buffered_bytes"]?.intValue ?? 0
    }
}
