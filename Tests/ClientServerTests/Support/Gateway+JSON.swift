import GateProtocol
import GateTestKit

/// A reply of the gateway, read.
struct JSONReply {
    var status: Int
    var json: JSONValue

    init(_ reply: HTTPReply) throws {
        status = reply.status
        json = try JSONValue(parsing: reply.body, limits: JSONLimits(nodes: 4_000_000))
    }

    /// The text of a tool's result, over REST or MCP.
    var text: String? { json["result"]?["content"]?.arrayValue?.first?["text"]?.stringValue }
}

extension GatewayProcess {
    func json(_ path: String) async throws -> JSONValue { try JSONReply(await get(path)).json }

    /// `POST /call`.
    func call(_ server: String, _ tool: String, _ arguments: JSONValue = [:]) async throws -> JSONReply {
        let body: JSONValue = ["server": .string(server), "tool": .string(tool), "arguments": arguments]
        return try JSONReply(await post("/call", json: body.text))
    }

    /// `server/tool` → the name that agents see.
    func names() async throws -> [String: String] {
        let tools = try await json("/tools")["tools"]?.arrayValue ?? []
        return Dictionary(
            tools.compactMap { tool in
                guard let server = tool["server"]?.stringValue, let own = tool["tool"]?.stringValue,
                    let name = tool["name"]?.stringValue
                else { return nil }
                return ("\(server)/\(own)", name)
            }, uniquingKeysWith: { first, _ in first })
    }

    /// The server's element of `GET /server/list`.
    func server(_ name: String) async throws -> JSONValue {
        let list = try await json("/server/list")["servers"]?.arrayValue ?? []
        guard let found = list.first(where: { $0["name"] == .string(name) }) else {
            throw TestKitError("no server \(name) in \(list.map { $0["name"]?.stringValue ?? "" })")
        }
        return found
    }
}

/// MCP messages as clients of both eras send them.
enum MCPMessage {
    static let modern = "2026-07-28"

    static func legacyCall(_ tool: String, _ arguments: JSONValue = [:], id: JSONValue = 1) -> String {
        let message: JSONValue = [
            "jsonrpc": "2.0", "id": id, "method": "tools/call",
            "params": ["name": .string(tool), "arguments": arguments],
        ]
        return message.text
    }

    static func modernCall(
        _ tool: String, _ arguments: JSONValue = [:], id: JSONValue = 1, meta: [(String, JSONValue)] = []
    ) -> String {
        let own: [(String, JSONValue)] = [
            ("io.modelcontextprotocol/protocolVersion", .string(modern)),
            ("io.modelcontextprotocol/clientCapabilities", [:]),
            ("io.modelcontextprotocol/clientInfo", ["name": "test", "version": "1"]),
        ]
        let message: JSONValue = [
            "jsonrpc": "2.0", "id": id, "method": "tools/call",
            "params": [
                "name": .string(tool), "arguments": arguments, "_meta": .object(JSONObject(own + meta)),
            ],
        ]
        return message.text
    }

    static func modernHeaders(call tool: String) -> [String: String] {
        ["MCP-Protocol-Version": modern, "Mcp-Method": "tools/call", "Mcp-Name": tool]
    }
}

extension GatewayProcess {
    /// Opens a session of the handshake era.
    func openSession() async throws -> [String: String] {
        let hello = try await post("/mcp", json: FakeMCP.initialize)
        guard hello.status == 200, let session = hello["Mcp-Session-Id"] else {
            throw TestKitError("no session: \(hello.status) \(hello.text)")
        }
        let headers = ["Mcp-Session-Id": session, "MCP-Protocol-Version": "2025-11-25"]
        let ready = try await post(
            "/mcp", headers: headers, json: #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
        guard ready.status == 202 else { throw TestKitError("initialized: \(ready.status) \(ready.text)") }
        return headers
    }
}

extension HTTPReply {
    /// The answer of an MCP request, in JSON or as the last event of a stream.
    func answer() throws -> JSONReply {
        guard self["Content-Type"]?.hasPrefix("text/event-stream") == true else { return try JSONReply(self) }
        let data = text.split(separator: "\n").filter { $0.hasPrefix("data:") }.map { $0.dropFirst(5) }
        guard let last = data.last(where: { $0.contains("\"result\"") || $0.contains("\"error\"") }) else {
            throw TestKitError("no answer in: \(text.prefix(400))")
        }
        var reply = self
        reply.body = Array(last.utf8)
        return try JSONReply(reply)
    }
}
