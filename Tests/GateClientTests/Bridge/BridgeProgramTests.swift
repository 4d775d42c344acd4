import GateTestKit
import Testing

/// `stonegate mcp` as a real program, against a server that answers with given bytes.
@Suite struct BridgeProgramTests {
    private static let envelope =
        #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#

    private func bridge(_ arguments: String...) throws -> Program {
        try Program(
            Products.path("stonegate"), ["mcp"] + arguments, environment: ["HOME": "/nowhere", "PATH": "/usr/bin:/bin"])
    }

    private func list(_ id: Int) -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/list","params":{\#(Self.envelope)}}"# + "\n"
    }

    private func call(_ id: Int) -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"t",\#(Self.envelope)}}"# + "\n"
    }

    @Test func jsonAndEventsBecomeLines() async throws {
        let server = try ScriptedServer { request in
            request["Mcp-Method"] == "tools/list"
                ? .ok("{\"jsonrpc\":\"2.0\",\n\"id\":1,\"result\":{}}")
                : .streamAndClose([
                    #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}}"#,
                    #"{"jsonrpc":"2.0","id":2,"result":{"content":[]}}"#,
                ])
        }
        let program = try bridge("--url", server.url, "--server", "a,b", "--server", "c d", "--agent", "me")
        try await program.send(list(1))
        #expect(try await program.output.first { _ in true }.element == #"{"jsonrpc":"2.0", "id":1,"result":{}}"#)
        try await program.send(call(2))
        _ = try await program.output.first { $0.contains(#""id":2"#) }
        #expect(program.output.all.count == 3)
        let request = try #require(server.requests.all.last)
        #expect(request.line == "POST /mcp?servers=a,b,c%20d HTTP/1.1")
        #expect(request["X-Stonegate-Agent"] == "me")
        #expect(request["Mcp-Name"] == "t")
        #expect(request["MCP-Protocol-Version"] == "2026-07-28")
        #expect(request["Accept"] == "application/json, text/event-stream")
        program.closeInput()
        #expect(try await program.exit() == .code(0))
    }

    @Test func cancellationClosesTheConnection() async throws {
        let server = try ScriptedServer { _ in .hold }
        let program = try bridge("--url", server.url)
        try await program.send(call(1))
        _ = try await server.requests.first { _ in true }
        try await program.send(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"# + "\n")
        _ = try await server.abandoned.first { $0.contains(#""id":1"#) }
        program.closeInput()
        #expect(try await program.exit() == .code(0))
        #expect(program.output.all.isEmpty)
    }

    @Test func waitsForAGatewayThatStartsLater() async throws {
        let port = try Sockets.freePort()
        let program = try bridge("--url", "127.0.0.1:\(port)")
        try await program.send(call(1))
        let complaint = try await program.errors.first { _ in true }.element
        #expect(complaint.contains("Start it with: stonegate serve"))
        let server = try ScriptedServer(port: port) { _ in .ok(#"{"jsonrpc":"2.0","id":1,"result":{}}"#) }
        #expect(try await program.output.first { _ in true }.element == #"{"jsonrpc":"2.0","id":1,"result":{}}"#)
        #expect(server.requests.all.count == 1)
    }

    @Test func legacySession() async throws {
        let server = try ScriptedServer { request in
            if request.method == "GET" {
                return .stream([#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#])
            }
            if request.method == "DELETE" { return .reply(200, "") }
            if request.body.contains("initialize\"") {
                return .ok(
                    #"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25"}}"#,
                    headers: ["Mcp-Session-Id": "abc"])
            }
            return request.body.contains("tools/list") ? .ok(#"{"jsonrpc":"2.0","id":1,"result":{}}"#) : .reply(202, "")
        }
        let program = try bridge("--url", server.url)
        try await program.send(
            #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"# + "\n")
        _ = try await program.output.first { $0.contains(#""id":0"#) }
        try await program.send(
            #"{"jsonrpc":"2.0","method":"notifications/initialized"}"# + "\n"
                + #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"# + "\n")
        _ = try await program.output.first { $0.contains(#""id":1"#) }
        _ = try await program.output.first { $0.contains("list_changed") }
        program.closeInput()
        #expect(try await program.exit() == .code(0))
        let requests = server.requests.all
        #expect(requests.first?["Mcp-Session-Id"] == nil)
        #expect(requests.dropFirst().allSatisfy { $0["Mcp-Session-Id"] == "abc" })
        #expect(requests.dropFirst().allSatisfy { $0["MCP-Protocol-Version"] == "2025-11-25" })
        #expect(requests.last?.method == "DELETE")
    }
}
