import GateProtocol
import GateTestKit
import Testing

/// Sessions over restarts of the gateway: they go on with all they had, or are over.
@Suite(.serialized) struct SessionRestartTests {
    private static func ping(_ gateway: GatewayProcess, _ session: [String: String]) async throws -> Int {
        try await gateway.post("/mcp", headers: session, json: #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#).status
    }

    private static func send(
        _ gateway: GatewayProcess, _ session: [String: String], _ method: String, _ params: String
    ) async throws -> HTTPReply {
        try await gateway.post(
            "/mcp", headers: session, json: #"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(params)}"#)
    }

    private static let done = #"{"jsonrpc":"2.0","id":1,"result":{}}"#

    @Test(arguments: [true, false])
    func aSessionGoesOnOrIsOver(isKilled: Bool) async throws {
        let own = try Backends.fake("own", ["--prefix", "own_"]) + "isolation = \"per_session\"\n\n"
        let config = try Backends.fake("notes", ["--era", "legacy", "--resources", "2"]) + own
        let first = try await GatewayProcess.start(config)
        try await first.running(["notes"])
        let plain = try await first.openSession()
        let level = try await first.openSession()
        let following = try await first.openSession()
        let holding = try await first.openSession()
        #expect(
            try await SessionRestartTests.send(first, level, "logging/setLevel", #"{"level":"info"}"#).text
                == SessionRestartTests.done)
        let subscribed = try await SessionRestartTests.send(
            first, following, "resources/subscribe", #"{"uri":"test://note/1"}"#)
        #expect(subscribed.text == SessionRestartTests.done)
        let call = MCPMessage.legacyCall("own_put", ["key": "a", "value": "1"])
        #expect(try await first.post("/mcp", headers: holding, json: call).answer().text == "ok")
        if isKilled {
            first.program.signal(9)
            _ = try await first.program.exit()
        } else {
            #expect(try await first.stop() == .code(0))
        }

        let second = try await GatewayProcess.start(config, directory: first.directory)
        #expect(try await SessionRestartTests.ping(second, plain) == 200)
        #expect(try await SessionRestartTests.ping(second, level) == 200)
        // What they had is lost with the gateway: they are told, and with the words that clients know.
        for session in [following, holding] {
            let reply = try await SessionRestartTests.send(second, session, "tools/list", "{}")
            #expect(reply.status == 404)
            #expect(
                reply.text == #"{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"Session terminated"}}"#)
        }
        #expect(try await second.stop() == .code(0))
    }

    @Test func aCallCutByARestartIsAnsweredWithWhatIsKnown() async throws {
        let config = try Backends.fake("one", ["--era", "legacy"])
        let first = try await GatewayProcess.start(config)
        try await first.running(["one"])
        let session = try await first.openSession()
        let body =
            #"{"jsonrpc":"2.0","id":"cut","method":"tools/call","params":{"name":"progress","arguments":{"n":100,"ms":200},"_meta":{"progressToken":1}}}"#
        let stream = try await EventStream.open(
            "POST", port: first.port, "/mcp",
            headers: session.merging([
                "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
            ]) { $1 }, body: Array(body.utf8))
        let event = try await stream.next()
        #expect(event.data.contains("notifications/progress"))
        first.program.signal(9)
        _ = try await first.program.exit()

        let second = try await GatewayProcess.start(config, directory: first.directory)
        let rest = try await EventStream.open(
            "GET", port: second.port, "/mcp",
            headers: session.merging(["Last-Event-ID": try #require(event.id)]) { $1 })
        let answer = try JSONValue(parsing: try await rest.next().data)
        #expect(answer["id"] == "cut")
        #expect(answer["error"]?["message"]?.stringValue?.contains("not known") == true)
        // The session itself goes on.
        #expect(try await SessionRestartTests.ping(second, session) == 200)
        #expect(try await second.stop() == .code(0))
    }
}
