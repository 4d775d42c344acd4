/// One match of `GET /discover`, best first.
public struct DiscoveredTool: JSONRepresentable, Equatable {
    public var name: String
    public var server: String
    /// The backend's own name for the tool.
    public var tool: String
    public var description: String
    /// Higher is better; comparable within one answer only.
    public var score: Double
    /// Why it matched, in a few words.
    public var why: String

    public init(name: String, server: String, tool: String, description: String, score: Double, why: String) {
        self.name = name
        self.server = server
        self.tool = tool
        self.description = description
        self.score = score
        self.why = why
    }

    public init(json: JSONValue) throws(JSONShapeError) {
        name = try json.string("name")
        server = try json.string("server")
        tool = json["tool"]?.stringValue ?? name
        description = json["description"]?.stringValue ?? ""
        score = json["score"]?.doubleValue ?? 0
        why = json["why"]?.stringValue ?? ""
    }

    public var json: JSONValue {
        [
            "name": .string(name), "server": .string(server), "tool": .string(tool),
            "description": .string(description), "score": .init(rounded: score), "why": .string(why),
        ]
    }
}
