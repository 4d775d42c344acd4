/// What `tools/list` says.
extension Server {
    private struct Tool: Sendable {
        var name: String
        var about: String
        var parameters: [(name: String, schema: JSON, required: Bool)] = []
        var annotations: JSON?
        var output: JSON?
    }

    private static let standard: [Tool] = {
        func one(_ name: String, _ type: JSON, _ required: Bool = true) -> (name: String, schema: JSON, required: Bool)
        {
            (name, ["type": type], required)
        }
        let key = one("key", "string", false)
        let sumOutput: JSON = [
            "type": "object", "properties": ["sum": ["type": "number"], "exact": ["type": "number"]],
            "required": ["sum"],
        ]
        return [
            Tool(
                name: "echo", about: "Returns the text.", parameters: [one("text", "string"), key],
                annotations: ["readOnlyHint": true]),
            Tool(name: "add", about: "Adds two numbers.", parameters: [one("a", "number"), one("b", "number"), key]),
            Tool(
                name: "sleep", about: "Answers after a time; can be cancelled.",
                parameters: [one("ms", "integer"), key]),
            Tool(
                name: "progress", about: "Reports n steps, some milliseconds apart.",
                parameters: [one("n", "integer"), one("ms", "integer", false), key]),
            Tool(
                name: "fail", about: "Fails as a tool does: isError.",
                parameters: [one("message", "string", false), key]),
            Tool(
                name: "crash", about: "Ends the server: before or after the call is in the ledger, or after the reply.",
                parameters: [
                    ("when", ["type": "string", "enum": ["before", "after", "reply"]], true), key,
                ], annotations: ["destructiveHint": true]),
            Tool(name: "hang", about: "Never answers.", parameters: [key]),
            Tool(name: "big", about: "Returns a text of that many bytes.", parameters: [one("bytes", "integer"), key]),
            Tool(
                name: "structured", about: "Adds, and answers with structured content.",
                parameters: [one("a", "number"), one("b", "number")], output: sumOutput),
            Tool(
                name: "verbatim", about: "Returns the given JSON text as structured content, byte for byte.",
                parameters: [one("json", "string")]),
            Tool(name: "raw", about: "Returns the bytes of the message that made this call."),
            Tool(name: "kinds", about: "Returns content of every kind."),
            Tool(name: "whoami", about: "Name, process ids, instance, working directory and arguments of the server."),
            Tool(name: "environ", about: "The server's environment."),
            Tool(name: "fds", about: "The server's open file descriptors."),
            Tool(name: "cancelled", about: "The calls that were cancelled."),
            Tool(
                name: "ask",
                about:
                    "Asks a question (form, url, sampling, roots) over the call or its own stream, and may withdraw it.",
                parameters: [
                    one("message", "string", false), one("kind", "string", false), one("over", "string", false),
                    one("withdraw", "boolean", false), key,
                ]),
            Tool(
                name: "get", about: "Reads a value.", parameters: [one("key", "string")],
                annotations: ["readOnlyHint": true]),
            Tool(
                name: "put", about: "Writes a value.", parameters: [one("key", "string"), one("value", "string")],
                annotations: ["idempotentHint": true]),
            Tool(name: "count", about: "Counts calls with this key.", parameters: [one("key", "string")]),
            Tool(
                name: "log", about: "Sends a log line before it answers.",
                parameters: [one("level", "string", false), one("message", "string", false)]),
            Tool(name: "add_tool", about: "Adds a tool and announces it.", parameters: [one("name", "string")]),
            Tool(
                name: "remove_tool", about: "Removes an added tool and announces it.",
                parameters: [one("name", "string")]),
            Tool(name: "garbage-between", about: "Sends a line that is not JSON before it answers.", parameters: [key]),
        ]
    }()

    private var standardNames: [String] {
        Server.standard.map(\.name).filter { options.only?.contains($0) ?? true }
    }

    private var extraNames: [String] {
        (0..<options.extraTools).map { "tool_\($0 + 1)" } + addedTools
            + (options.resources > 0 ? Server.resourceTools : [])
    }

    func isKnown(_ name: String) -> Bool {
        standardNames.contains(name) || definedNames.contains(name) || addedTools.contains(name)
            || badNames.contains(name)
            || name == "job" && options.tasks
            || Server.resourceTools.contains(name) && options.resources > 0
            || name.hasPrefix("tool_") && extraNames.contains(name)
    }

    func listTools(cursor: String?, session: Session) -> JSON {
        lists += 1
        var tools = Server.standard.filter { options.only?.contains($0.name) ?? true }.map(describe)
        if options.lateHeader, lists > 1, let place = tools.firstIndex(where: { $0["name"] == "echo" }) {
            let schema: JSON = [
                "type": "object", "properties": ["text": ["type": "string", "x-mcp-header": "Text"]],
            ]
            tools[place] = tools[place].with("inputSchema", schema)
        }
        tools += extraNames.map { describe(Tool(name: $0, about: "Returns its own name.")) }
        tools += badTools
        let defined = definedTools
        if !defined.isEmpty {
            let names = definedNames
            tools = tools.filter { !names.contains($0["name"]?.text ?? "") } + defined
        }
        if options.tasks { tools.append(Server.jobDefinition) }
        var page: JSON
        let size = options.pageSize > 0 ? options.pageSize : max(1, tools.count)
        let start = cursor.flatMap { Int($0.dropFirst()) } ?? 0
        page = ["tools": .array(Array(tools.dropFirst(start).prefix(size)))]
        if options.evil == .cursorLoop {
            page = page.with("nextCursor", "p0")
        } else if start + size < tools.count {
            page = page.with("nextCursor", .string("p\(start + size)"))
        }
        if session.modern == true { page = page.with("ttlMs", 60000).with("cacheScope", "public") }
        return page
    }

    private func describe(_ tool: Tool) -> JSON {
        let properties = JSON.object(tool.parameters.map { JSON.Member(key: $0.name, value: $0.schema) })
        let required = JSON.array(tool.parameters.filter(\.required).map { .string($0.name) })
        let about = options.evil == .escapeCodes ? "\u{1B}[2J\u{202E}" + tool.about : tool.about
        let schema: JSON = ["type": "object", "properties": properties, "required": required]
        let description: JSON = [
            "name": .string(options.prefix + tool.name), "description": .string(about), "inputSchema": schema,
        ]
        return description.with("annotations", tool.annotations).with("outputSchema", tool.output)
    }
}
