import GateProtocol
import GateTestKit
import Testing

/// Calls that wait for the answer of a user, in a whole gateway.
@Suite(.serialized) struct ParkedCallTests {
    private static let envelope = """
        "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",\
        "io.modelcontextprotocol/clientCapabilities":{"elicitation":{}},\
        "io.modelcontextprotocol/clientInfo":{"name":"a","version":"1"}}
        """

    private static func call(_ gateway: GatewayProcess, _ more: String = "") async throws -> JSONValue {
        let arguments = #""arguments":{"server":"one","tool":"ask","arguments":{"message":"Who?","key":"parked"}}"#
        let body = """
            {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"gate_call",\(arguments)\(more),\(envelope)}}
            """
        let reply = try await HTTP.post(
            port: gateway.port, "/mcp",
            headers: [
                "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "gate_call",
                "Accept": "application/json, text/event-stream",
            ], json: body)
        return try JSONValue(parsing: reply.body)
    }

    private static func round(_ interim: JSONValue) throws -> String {
        let state = try #require(interim["result"]?["requestState"]?.text)
        let key = try #require(interim["result"]?["inputRequests"]?.objectValue?.keys.first)
        return #","requestState":\#(state),"inputResponses":{"\#(key)":{"action":"accept","content":{"answer":"Ada"}}}"#
    }

    @Test(arguments: ["legacy", "modern"]) func anAnswerReachesTheServer(_ era: String) async throws {
        let gateway = try await GatewayProcess.start(Backends.fake("one", ["--era", era]))
        try await gateway.running(["one"])
        let interim = try await ParkedCallTests.call(gateway)
        #expect(interim["result"]?["resultType"] == "input_required", "\(interim.text)")
        let reply = try await ParkedCallTests.call(gateway, try ParkedCallTests.round(interim))
        #expect(reply["result"]?["resultType"] == "complete", "\(reply.text)")
        #expect(reply.text.contains("Ada"), "\(reply.text)")
    }

    @Test func aStopDoesNotWaitForPeople() async throws {
        let gateway = try await GatewayProcess.start(
            "[limits]\ndrain_timeout = 60\n" + Backends.fake("one", ["--era", "legacy"]))
        try await gateway.running(["one"])
        let interim = try await ParkedCallTests.call(gateway)
        #expect(interim["result"]?["resultType"] == "input_required", "\(interim.text)")
        let start = ContinuousClock.now
        #expect(try await gateway.stop() == .code(0))
        #expect(start.duration(to: .now) < .seconds(30))
    }

    @Test func anAnswerInTimeIsNeeded() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Pipe.reading(directory.file("ledger"))
        let gateway = try await GatewayProcess.start(
            "[limits]\nquestion_timeout = 1\n"
                + Backends.fake("one", ["--era", "legacy", "--ledger", ledger.path]))
        try await gateway.running(["one"])
        let interim = try await ParkedCallTests.call(gateway)
        let round = try ParkedCallTests.round(interim)
        // The server is told so when the time is over, and ends its call.
        try await ledger.line("parked")
        let late = try await ParkedCallTests.call(gateway, round)
        let isOver = late["error"]?["code"] == -32602
        // The moment between the server's end and the gateway's.
        let isCancelled = late.text.contains("cancel:")
        #expect(isOver || isCancelled, "\(late.text)")
    }
}
