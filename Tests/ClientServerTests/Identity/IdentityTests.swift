import GateProtocol
import GateTestKit
import Testing

/// Many agents that number their requests alike, on one shared stdio server: nobody gets another's answer.
@Suite(.serialized) struct IdentityTests {
    private static let clients = 50
    private static let calls = 100

    /// The same ids, in the same order, for everybody; several spellings of what a careless reader takes for one.
    private static func id(_ call: Int) -> String {
        switch call % 5 {
        case 0: "\(call)"
        case 1: "\"\(call)\""
        case 2: "\"\\u00e9\(call)\""
        case 3: "\(9_007_199_254_740_993 + call)"
        default: "\"é\(call) a/b\""
        }
    }

    @Test func noAnswerIsCrossed() async throws {
        let gateway = try await GatewayProcess.start(Backends.fake("shared"))
        try await gateway.running(["shared"])
        let pid = try await gateway.server("shared")["pid"]
        let port = gateway.port
        let wrong = try await withThrowingTaskGroup(of: [String].self) { group in
            for client in 0..<IdentityTests.clients {
                group.addTask {
                    let isModern = client.isMultiple(of: 2)
                    let session = isModern ? [:] : try await gateway.openSession()
                    return try await offPool { try IdentityTests.run(client, port, session) }
                }
            }
            return try await group.reduce(into: [String]()) { $0 += $1 }
        }
        #expect(wrong.isEmpty, "\(wrong.count) wrong, such as \(wrong.prefix(3))")
        let server = try await gateway.server("shared")
        #expect(server["pid"] == pid)
        #expect(server["total_calls"]?.intValue == IdentityTests.clients * IdentityTests.calls)
        #expect(server["in_flight"] == 0)
        #expect(server["stray_messages"] == nil)
        #expect(try await gateway.stop() == .code(0))
    }

    /// - Returns: what was wrong.
    private static func run(_ client: Int, _ port: UInt16, _ session: [String: String]) throws -> [String] {
        let connection = try HTTPConnection(port: port, within: .seconds(120))
        var wrong: [String] = []
        for call in 0..<calls {
            let withProgress = call % 10 == 9
            let tool = withProgress ? "progress" : "echo"
            // The text holds who asked for what; for progress the number of steps does.
            let steps = client % 4 + 1
            let arguments = withProgress ? #"{"n":\#(steps)}"# : #"{"text":"client \#(client) call \#(call)"}"#
            let expected = withProgress ? "done after \(steps) steps" : "client \(client) call \(call)"
            var meta = #""progressToken":"t""#
            var headers = [
                "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
            ]
            if session.isEmpty {
                meta += """
                    ,"io.modelcontextprotocol/protocolVersion":"\(MCPMessage.modern)",\
                    "io.modelcontextprotocol/clientCapabilities":{}
                    """
                headers.merge(MCPMessage.modernHeaders(call: tool)) { _, new in new }
            } else {
                headers.merge(session) { _, new in new }
            }
            let body = """
                {"jsonrpc":"2.0","id":\(id(call)),"method":"tools/call",\
                "params":{"name":"\(tool)","arguments":\(arguments),"_meta":{\(meta)}}}
                """
            try connection.send("POST", "/mcp", headers, Array(body.utf8))
            let reply = try connection.reply(to: "POST")
            let text = reply.text
            let isRight =
                reply.status == 200 && text.contains(#""id":\#(id(call))"#) && text.contains(#""\#(expected)""#)
                && (!withProgress || text.components(#""progressToken":"t""#) == steps)
            if !isRight { wrong.append("client \(client) call \(call): \(reply.status) \(text.prefix(500))") }
        }
        return wrong
    }
}

extension String {
    /// How often `part` occurs.
    fileprivate func components(_ part: String) -> Int { ranges(of: part).count }
}
