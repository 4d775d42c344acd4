import GateProtocol
import GateTestKit

/// An agent of either era at one address of a gateway.
struct Agent: Sendable {
    let gateway: GatewayProcess
    let path: String
    /// The session's headers; nil for an agent of 2026-07-28.
    let session: [String: String]?

    static func modern(_ gateway: GatewayProcess, _ path: String = "/mcp") -> Agent {
        Agent(gateway: gateway, path: path, session: nil)
    }

    static func legacy(
        _ gateway: GatewayProcess, _ path: String = "/mcp", version: String = "2025-11-25"
    ) async throws -> Agent {
        try await legacyWithGreeting(gateway, path, version: version).agent
    }

    /// The agent, and what it was answered when it began.
    static func legacyWithGreeting(
        _ gateway: GatewayProcess, _ path: String = "/mcp", version: String = "2025-11-25"
    ) async throws -> (agent: Agent, greeting: JSONValue) {
        let hello = try await gateway.post(
            path,
            json: """
                {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"\(version)",\
                "capabilities":{},"clientInfo":{"name":"test","version":"1"}}}
                """)
        guard let id = hello["Mcp-Session-Id"] else { throw TestKitError("no session: \(hello.text)") }
        let session = ["Mcp-Session-Id": id, "MCP-Protocol-Version": version]
        return (
            Agent(gateway: gateway, path: path, session: session), try JSONReply(hello).json["result"] ?? .null
        )
    }

    /// The answer to a request: a message with `result` or `error`.
    func ask(_ method: String, _ params: JSONValue = [:]) async throws -> JSONValue {
        var params = params.objectValue ?? JSONObject()
        var headers = session ?? [:]
        if session == nil {
            params["_meta"] = [
                "io.modelcontextprotocol/protocolVersion": .string(MCPMessage.modern),
                "io.modelcontextprotocol/clientCapabilities": [:],
            ]
            headers = ["MCP-Protocol-Version": MCPMessage.modern, "Mcp-Method": method]
            if ["tools/call", "prompts/get", "resources/read"].contains(method) {
                headers["Mcp-Name"] = params["name"]?.stringValue ?? params["uri"]?.stringValue
            }
        }
        let message: JSONValue = [
            "jsonrpc": "2.0", "id": 1, "method": .string(method), "params": .object(params),
        ]
        return try await gateway.post(path, headers: headers, json: message.text).answer().json
    }

    /// The values of a member of all entries of a list.
    func list(_ method: String, _ kind: String, _ member: String) async throws -> [String] {
        let answer = try await ask(method)
        guard let entries = answer["result"]?[kind]?.arrayValue else { throw TestKitError("no list: \(answer.text)") }
        return entries.compactMap { $0[member]?.stringValue }
    }

    var uris: [String] { get async throws { try await list("resources/list", "resources", "uri") } }
    var prompts: [String] { get async throws { try await list("prompts/list", "prompts", "name") } }

    /// Asks until the answer is as it should be; servers list what they have shortly after they have started.
    func wait(
        for method: String, _ params: JSONValue = [:], _ holds: (JSONValue) -> Bool
    ) async throws -> JSONValue {
        let end = ContinuousClock.now.advanced(by: .seconds(20))
        while true {
            let answer = try await ask(method, params)
            if holds(answer) || ContinuousClock.now >= end { return answer }
        }
    }
}
