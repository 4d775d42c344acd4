import GateProtocol
import GateTestKit
import Testing

/// Agents of both eras that follow resources of servers of both eras, through the real gateway.
@Suite(.serialized) struct FollowingTests {
    private static let uri = "test://note/1"

    private static func updated(_ event: ServerSentEvent) throws -> String? {
        let message = try JSONValue(parsing: event.data)
        return message["method"] == "notifications/resources/updated" ? message["params"]?["uri"]?.stringValue : nil
    }

    private static func listen(_ gateway: GatewayProcess, _ filter: String) async throws -> EventStream {
        let body =
            #"{"jsonrpc":"2.0","id":"l","method":"subscriptions/listen","params":{"notifications":\#(filter),"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#
        return try await EventStream.open(
            "POST", port: gateway.port, "/mcp",
            headers: [
                "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
                "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "subscriptions/listen",
            ], body: Array(body.utf8))
    }

    /// Waits until the server has been asked for something, by asking it.
    private static func asked(_ gateway: GatewayProcess, _ holds: ([String]) -> Bool) async throws -> [String] {
        let end = ContinuousClock.now.advanced(by: .seconds(20))
        while true {
            let text = try await gateway.call("notes", "subscriptions").text ?? ""
            let asked = text.split(separator: "\n").map(String.init)
            if holds(asked) || ContinuousClock.now >= end { return asked }
        }
    }

    @Test(arguments: ["legacy", "modern"])
    func bothErasAreToldAndTheServerIsAskedOnce(era: String) async throws {
        let config = try Backends.fake("notes", ["--era", era, "--resources", "3"])
        let gateway = try await GatewayProcess.start(config)
        try await gateway.running(["notes"])
        let session = try await gateway.openSession()
        let stream = try await EventStream.open("GET", port: gateway.port, "/mcp", headers: session)
        let reply = try await gateway.post(
            "/mcp", headers: session,
            json: #"{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"\#(FollowingTests.uri)"}}"#)
        #expect(reply.text == #"{"jsonrpc":"2.0","id":1,"result":{}}"#)
        let modern = try await FollowingTests.listen(
            gateway, #"{"resourceSubscriptions":["\#(FollowingTests.uri)","test://note/9"]}"#)
        let ack = try JSONValue(parsing: try await modern.next().data)
        #expect(
            ack["params"]?["notifications"]?.text == #"{"resourceSubscriptions":["\#(FollowingTests.uri)"]}"#)
        _ = try await gateway.call("notes", "touch", ["uri": .string(FollowingTests.uri)])
        for stream in [stream, modern] {
            #expect(try FollowingTests.updated(try await stream.next()) == FollowingTests.uri)
        }
        // A server that comes back is asked again, and what happened meanwhile is announced.
        _ = try await gateway.call("notes", "crash")
        for stream in [stream, modern] {
            #expect(try FollowingTests.updated(try await stream.next(within: .seconds(40))) == FollowingTests.uri)
        }
        _ = try await gateway.call("notes", "touch", ["uri": .string(FollowingTests.uri)])
        for stream in [stream, modern] {
            #expect(try FollowingTests.updated(try await stream.next()) == FollowingTests.uri)
        }
        let question = era == "legacy" ? "subscribe \(FollowingTests.uri)" : "listen \(FollowingTests.uri)"
        #expect(try await FollowingTests.asked(gateway) { !$0.isEmpty }.filter { $0 == question }.count == 1)
        modern.close()
        let ended = try await HTTP.send("DELETE", port: gateway.port, "/mcp", headers: session)
        #expect(ended.status == 200)
        let end = era == "legacy" ? "unsubscribe \(FollowingTests.uri)" : "listen "
        #expect(try await FollowingTests.asked(gateway) { $0.last == end }.last == end)
        #expect(try await gateway.stop() == .code(0))
    }

    @Test(arguments: [PythonClient.current, .old], ["legacy", "modern"])
    func realClientsFollow(_ client: PythonClient, era: String) async throws {
        let gateway = try await GatewayProcess.start(
            try Backends.fake("notes", ["--era", era, "--resources", "3"]))
        try await gateway.running(["notes"])
        let run = try await Program.run(
            Products.python(client.age),
            [Products.checkout + "/Tests/python/follow.py", gateway.baseURL + "/mcp", FollowingTests.uri, "touch"])
        #expect(run.exit == .code(0), "\(run.output) \(run.errors)")
        #expect(run.output.contains(#"{"updated": "\#(FollowingTests.uri)"}"#), "\(run.output)")
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func whatCannotBeFollowedIsRefusedInWords() async throws {
        let gateway = try await GatewayProcess.start(
            try Backends.fake("notes", ["--era", "legacy", "--resources", "1"]))
        try await gateway.running(["notes"])
        let session = try await gateway.openSession()
        let reply = try await gateway.post(
            "/mcp", headers: session,
            json: #"{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"test://note/7"}}"#)
        let error = try #require(try JSONReply(reply).json["error"])
        #expect([-32002, -32602].contains(error["code"]?.intValue), "\(error.text)")
        #expect(try await gateway.stop() == .code(0))
    }
}
