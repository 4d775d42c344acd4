import GateProtocol
import GateTestKit

/// A small MCP server of 2025-11-25 over HTTP in the test's own process: it keeps every request whole, with the connection it came on.
struct RecordingMCP {
    let server: ScriptedServer

    /// - Parameter refuse: what to answer in the place of the server; nil lets it answer.
    init(refuse: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Answer? = { _ in nil }) throws {
        server = try ScriptedServer { request in refuse(request) ?? RecordingMCP.answer(request) }
    }

    var url: String { server.url + "/mcp" }
    var requests: [ScriptedServer.Request] { server.requests.all }

    private static func answer(_ request: ScriptedServer.Request) -> ScriptedServer.Answer {
        guard request.method == "POST", let message = try? JSONValue(parsing: Array(request.body.utf8)) else {
            return .reply(405, "")
        }
        guard let id = message["id"] else { return .reply(202, "") }
        let result: JSONValue
        switch message["method"]?.stringValue {
        case "initialize":
            result = [
                "protocolVersion": "2025-11-25", "capabilities": ["tools": [:]],
                "serverInfo": ["name": "recording", "version": "1"],
            ]
        case "tools/list":
            result = ["tools": [["name": "echo", "inputSchema": ["type": "object"]]]]
        case "tools/call":
            result = ["content": [["type": "text", "text": message["params"]?["arguments"]?["text"] ?? ""]]]
        case "ping": result = [:]
        default:
            let fault: JSONValue = [
                "jsonrpc": "2.0", "id": id, "error": ["code": -32601, "message": "no such method"],
            ]
            return .ok(fault.text)
        }
        return .ok(JSONValue.object(JSONObject([("jsonrpc", "2.0"), ("id", id), ("result", result)])).text)
    }
}
