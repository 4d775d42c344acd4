/// One tool of the catalog: an element of `GET /tools`.
public struct ToolInfo: JSONRepresentable, Equatable {
    /// The name under which agents see the tool.
    public var name: String
    public var server: String
    /// The backend's own name for it.
    public var tool: String
    public var description: String
    /// The input schema.
    public var parameters: JSONValue

    public init(name: String, server: String, tool: String, description: String, parameters: JSONValue) {
        self.name = name
        self.server = server
        self.tool = tool
        self.description = description
        self.parameters = parameters
    }

    public init(json: JSONValue) throws(JSONShapeError) {
        name = try json.string("name")
        server = try json.string("server")
        tool = json["tool"]?.stringValue ?? name
        description = json["description"]?.stringValue ?? ""
        parameters = json["parameters"] ?? .object(JSONObject())
    }

    public var json: JSONValue {
        [
            "name": .string(name), "server": .string(server), "tool": .string(tool),
            "description": .string(description), "parameters": parameters,
        ]
    }
}

/// The answer of `GET /tools` and `GET /tools/{server}`.
public struct ToolList: JSONRepresentable, Equatable {
    public var tools: [ToolInfo]
    public var total: Int

    public init(tools: [ToolInfo], total: Int) {
        self.tools = tools
        self.total = total
    }

    public init(json: JSONValue) throws(JSONShapeError) {
        tools = try json.list("tools", of: ToolInfo.self)
        total = try json.int("total")
    }

    public var json: JSONValue { ["tools": .array(tools.map(\.json)), "total": .init(total)] }
}
