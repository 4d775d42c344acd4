import GateProtocol
import GateTestKit

/// How clients of both eras deal with tasks.
extension GatewayProcess {
    /// Waits until the server has begun so many calls.
    func carriedOut(_ count: Int, _ directory: TemporaryDirectory) async throws {
        for _ in 0..<5_000 {
            if (directory.read("ledger") ?? "").split(separator: "\n").count >= count { return }
            _ = try await get("/health")
        }
        throw TestKitError("the server did not begin \(count) calls")
    }

    /// Waits until the server has heard that a call of a tool was cancelled.
    func cancelledAtServer(_ tool: JSONValue) async throws {
        for _ in 0..<1_000 {
            let told = try await call("b", "cancelled").json["result"]?["structuredContent"]?["cancelled"]
            if told?.arrayValue?.contains(where: { $0["tool"] == tool }) == true { return }
        }
        throw TestKitError("the server heard of no cancellation of \(tool.text)")
    }

    // MARK: Sessions

    func openSession(asking: Bool) async throws -> [String: String] {
        guard asking else { return try await openSession() }
        let hello = try await post(
            "/mcp",
            json: """
                {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":\
                {"elicitation":{"form":{}}},"clientInfo":{"name":"asked","version":"1"}}}
                """)
        guard let session = hello["Mcp-Session-Id"] else { throw TestKitError("no session: \(hello.text)") }
        return ["Mcp-Session-Id": session, "MCP-Protocol-Version": "2025-11-25"]
    }

    func rpc(_ session: [String: String], _ method: String, _ params: JSONValue) async throws -> JSONReply {
        let message: JSONValue = ["jsonrpc": "2.0", "id": 5, "method": .string(method), "params": params]
        return try await post("/mcp", headers: session, json: message.text).answer()
    }

    /// Calls a tool as a task.
    func task(_ session: [String: String], _ tool: String, _ arguments: JSONValue) async throws -> JSONValue {
        let name = try await names()["b/\(tool)"] ?? tool
        let reply = try await rpc(
            session, "tools/call", ["name": .string(name), "arguments": arguments, "task": ["ttl": 60_000]])
        guard let task = reply.json["result"]?["task"] else { throw TestKitError("no task: \(reply.json.text)") }
        return task
    }

    func until(
        _ session: [String: String], _ id: String, _ condition: (JSONValue) -> Bool
    ) async throws -> JSONValue {
        var last = JSONValue.null
        for _ in 0..<3_000 {
            last = try await rpc(session, "tasks/get", ["taskId": .string(id)]).json["result"] ?? .null
            if condition(last) { return last }
        }
        throw TestKitError("task \(id) did not come to what was waited for: \(last.text)")
    }

    /// Asks for a task's result, and answers the form that comes before it.
    /// - Returns: the answer to `tasks/result`.
    func answering(_ session: [String: String], task id: String, _ content: String) async throws -> JSONValue {
        let message: JSONValue = [
            "jsonrpc": "2.0", "id": 6, "method": "tasks/result", "params": ["taskId": .string(id)],
        ]
        let usual = ["Content-Type": "application/json", "Accept": "application/json, text/event-stream"]
        let stream = try await EventStream.open(
            "POST", port: port, "/mcp", headers: usual.merging(session) { $1 }, body: Array(message.text.utf8))
        while true {
            let data = try await stream.next().data
            guard !data.isEmpty else { continue }
            let event = try JSONValue(parsing: data)
            if event["id"] == 6 { return event }
            guard event["method"] == "elicitation/create", let question = event["id"] else { continue }
            let related = event["params"]?["_meta"]?["io.modelcontextprotocol/related-task"]?["taskId"]
            guard related?.stringValue == id else { throw TestKitError("no related task: \(event.text)") }
            let answer = """
                {"jsonrpc":"2.0","id":\(question.text),"result":{"action":"accept","content":\(content)}}
                """
            _ = try await post("/mcp", headers: session, json: answer)
        }
    }

    // MARK: 2026-07-28

    private static func meta(_ more: [(String, JSONValue)] = []) -> JSONValue {
        let own: [(String, JSONValue)] = [
            ("io.modelcontextprotocol/protocolVersion", .string(MCPMessage.modern)),
            (
                "io.modelcontextprotocol/clientCapabilities",
                ["elicitation": ["form": [:]], "extensions": ["io.modelcontextprotocol/tasks": [:]]]
            ),
        ]
        return .object(JSONObject(own + more))
    }

    /// A call of a client that knows tasks.
    /// - Parameter tool: the backend's own name behind `b_`.
    func modern(
        _ method: String, _ tool: String, _ arguments: JSONValue, names: [String: String],
        meta: [(String, JSONValue)] = []
    ) async throws -> JSONReply {
        let name = names["b/\(tool.dropFirst(2))"] ?? tool
        let message: JSONValue = [
            "jsonrpc": "2.0", "id": 1, "method": .string(method),
            "params": ["name": .string(name), "arguments": arguments, "_meta": GatewayProcess.meta(meta)],
        ]
        return try await post("/mcp", headers: MCPMessage.modernHeaders(call: name), json: message.text).answer()
    }

    func modernTask(_ method: String, _ id: String, _ params: [(String, JSONValue)] = []) async throws -> JSONValue {
        let all = JSONObject([("taskId", .string(id))] + params + [("_meta", GatewayProcess.meta())])
        let message: JSONValue = ["jsonrpc": "2.0", "id": 1, "method": .string(method), "params": .object(all)]
        let headers = ["MCP-Protocol-Version": MCPMessage.modern, "Mcp-Method": method, "Mcp-Name": id]
        return try await post("/mcp", headers: headers, json: message.text).answer().json
    }

    func polled(_ id: String, _ condition: (JSONValue) -> Bool) async throws -> JSONValue {
        var last = JSONValue.null
        for _ in 0..<3_000 {
            last = try await modernTask("tasks/get", id)["result"] ?? .null
            if condition(last) { return last }
        }
        throw TestKitError("task \(id) did not come to what was waited for: \(last.text)")
    }

    func ended(_ id: String) async throws -> JSONValue {
        try await polled(id) { ["completed", "failed", "cancelled"].contains($0["status"]?.stringValue ?? "") }
    }
}
