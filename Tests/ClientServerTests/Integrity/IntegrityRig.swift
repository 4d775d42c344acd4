import GateProtocol
import GateTestKit
import Testing

/// A gateway before a server whose definitions the test changes.
struct IntegrityRig {
    let directory: TemporaryDirectory
    let gateway: GatewayProcess
    private let config: String

    static let server = "files"
    static let honest = tool("read", "Reads a file.")
    static let other = tool("write", "Writes a file.")

    static func tool(_ name: String, _ description: String, property: String = "The path.") -> JSONValue {
        [
            "name": .string(name), "description": .string(description),
            "inputSchema": [
                "type": "object",
                "properties": ["path": ["type": "string", "description": .string(property)]], "required": ["path"],
            ],
        ]
    }

    /// - Parameters:
    ///   - policy: the lines of `[integrity]`.
    ///   - backend: more keys of the backend.
    ///   - flags: more of the server's.
    ///   - waits: whether it returns when the server has listed its tools.
    static func start(
        _ policy: String, _ tools: [JSONValue] = [honest, other], backend: String = "", flags: [String] = [],
        waits: Bool = true
    ) async throws -> IntegrityRig {
        let directory = try TemporaryDirectory()
        try write(tools, directory)
        let fake = try Backends.fake(
            server,
            [
                "--only", "add_tool", "--definitions", directory.file("\(server).json"), "--ledger",
                directory.file("ledger"),
            ] + flags)
        let config =
            "[audit]\nenabled = true\n\n[integrity]\n\(policy)\n\n" + fake + backend + "\n"
        let gateway = try await GatewayProcess.start(config, directory: directory)
        let rig = IntegrityRig(directory: directory, gateway: gateway, config: config)
        if waits { try await gateway.running([server]) }
        return rig
    }

    private init(directory: TemporaryDirectory, gateway: GatewayProcess, config: String) {
        self.directory = directory
        self.gateway = gateway
        self.config = config
    }

    private static func write(_ tools: [JSONValue], _ directory: TemporaryDirectory) throws {
        try directory.write(JSONValue.array(tools).text, to: "\(server).json")
    }

    /// The gateway stops, and starts again on its data. The server lists what `tools` says by then.
    ///
    /// - Parameter isAsleep: whether the server waits for its first call.
    func restarted(_ tools: [JSONValue]? = nil, isAsleep: Bool = false) async throws -> IntegrityRig {
        #expect(try await gateway.stop() == .code(0))
        if let tools { try Self.write(tools, directory) }
        let again = try await GatewayProcess.start(config, directory: directory)
        let rig = IntegrityRig(directory: directory, gateway: again, config: config)
        if !isAsleep { try await again.running([Self.server]) }
        return rig
    }

    func write(_ tools: [JSONValue]) throws { try Self.write(tools, directory) }

    /// Changes what the server lists from its next start on, and starts it again.
    func change(_ tools: [JSONValue]) async throws {
        try Self.write(tools, directory)
        let mark = gateway.logged
        let reply = try await gateway.admin("POST", "/server/restart", json: #"{"name":"\#(Self.server)"}"#)
        #expect(reply.status == 200)
        try await gateway.running([Self.server], from: mark)
    }

    // MARK: Looking

    /// The calls that the server has carried out, in order.
    var executed: [String] {
        (directory.read("ledger") ?? "").split(separator: "\n").compactMap { line in
            (try? JSONValue(parsing: Array(line.utf8)))?["tool"]?.stringValue
        }
    }

    /// The elements of `GET /integrity`.
    func waiting(_ query: String = "") async throws -> [JSONValue] {
        let reply = try JSONReply(await gateway.admin("GET", "/integrity\(query)"))
        #expect(reply.status == 200, "\(reply.json.text)")
        return reply.json["tools"]?.arrayValue ?? []
    }

    func approve(_ tool: String, _ digest: JSONValue?, reject: Bool = false) async throws -> JSONReply {
        let body: JSONValue = [
            "tools": [["server": .string(Self.server), "tool": .string(tool), "digest": digest ?? .null]],
            "reject": .init(reject),
        ]
        return try JSONReply(await gateway.admin("POST", "/integrity/approve", json: body.text))
    }

    /// What a call answers: the text of its result, or the code of its failure.
    func call(_ tool: String) async throws -> String? {
        let reply = try await gateway.call(Self.server, tool, ["path": "/x"])
        #expect(reply.json["code"] == nil || reply.json["sent"] == false)
        return reply.json["code"]?.stringValue ?? reply.text
    }

    /// All places where agents can find or call a tool, and whether they do. A hidden one is nowhere.
    func places(_ tool: String, words: String) async throws -> [String: Bool] {
        var found: [String: Bool] = [:]
        func has(_ reply: HTTPReply) -> Bool {
            reply.text.contains(words) || reply.text.contains("\"tool\":\"\(tool)\"")
        }
        for path in ["/tools", "/tools/\(Self.server)", "/discover?query=\(tool)", "/discover?query="] {
            found[path] = has(try await gateway.get(path))
        }
        found["/schema"] = try await gateway.get("/schema/\(Self.server)/\(tool)").status == 200
        let call = #"{"server":"\#(Self.server)","tool":"\#(tool)","arguments":{"path":"/x"}}"#
        found["/call"] = try await gateway.post("/call", json: call).status == 200
        found["/call/async"] = try await gateway.post("/call/async", json: call).status == 202
        for name in [tool, "\(Self.server)/\(tool)"] {
            found["/call \(name)"] =
                try await gateway.post("/call", json: #"{"tool":"\#(name)","arguments":{"path":"/x"}}"#).status == 200
        }
        for path in ["/mcp", "/mcp/\(Self.server)"] {
            let hello = try await gateway.post(path, json: FakeMCP.initialize)
            let session = try #require(hello["Mcp-Session-Id"])
            let headers = ["Mcp-Session-Id": session, "MCP-Protocol-Version": "2025-11-25"]
            func ask(_ message: String) async throws -> JSONReply {
                try await gateway.post(path, headers: headers, json: message).answer()
            }
            let list = try await ask(#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#).json
            found["\(path) list"] = list["result"]?["tools"]?.arrayValue?.contains { $0["name"] == .string(tool) }
            func works(_ reply: JSONReply) -> Bool {
                reply.json["error"] == nil && reply.json["result"]?["isError"] != true
            }
            found["\(path) call"] = works(try await ask(MCPMessage.legacyCall(tool, ["path": "/x"])))
            guard path == "/mcp" else { continue }
            for (own, arguments) in [
                ("gate_call", ["server": .string(Self.server), "tool": .string(tool)] as JSONValue),
                ("gate_call_async", ["server": .string(Self.server), "tool": .string(tool)]),
            ] {
                found[own] = works(try await ask(MCPMessage.legacyCall(own, arguments)))
            }
            let discovered = try await ask(MCPMessage.legacyCall("gate_discover", ["query": .string(tool)])).json.text
            found["gate_discover"] = discovered.contains(words)
            let modern = try await gateway.post(
                path, headers: MCPMessage.modernHeaders(call: tool), json: MCPMessage.modernCall(tool, ["path": "/x"]))
            found["modern call"] = works(try modern.answer())
        }
        return found
    }
}
