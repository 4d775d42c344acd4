import GateProtocol

/// One tool: what clients see of it and what it does.
struct DemoTool: Sendable {
    /// What running a tool leads to.
    enum Outcome: Sendable {
        case finished(ToolResult)
        case slow(seconds: Double, steps: Int)
        case ask(String)
    }

    let name: String
    let title: String
    let description: String
    /// The `properties` of the input schema, in the order in which people think of them.
    let properties: [(String, JSONValue)]
    let required: [String]
    var outputSchema: JSONValue?
    var isReadOnly = true
    var isIdempotent = true
    let run: @Sendable (ToolArguments, DemoTime) throws(ToolMistake) -> Outcome

    static let all = [echo, clock, slow, fail, ask, stats]

    static func named(_ name: String) -> DemoTool? { all.first { $0.name.utf8.elementsEqual(name.utf8) } }

    var parameters: [String] { properties.map(\.0) }

    /// The tool as `tools/list` shows it.
    var definition: JSONValue {
        var schema = JSONObject([("type", "object"), ("properties", .object(JSONObject(properties)))])
        if !required.isEmpty { schema["required"] = .array(required.map(JSONValue.string)) }
        schema["additionalProperties"] = false
        var definition = JSONObject([
            ("name", .string(name)), ("title", .string(title)), ("description", .string(description)),
            ("inputSchema", .object(schema)),
        ])
        if let outputSchema { definition["outputSchema"] = outputSchema }
        definition["annotations"] = [
            "title": .string(title), "readOnlyHint": .bool(isReadOnly), "destructiveHint": false,
            "idempotentHint": .bool(isIdempotent), "openWorldHint": false,
        ]
        return .object(definition)
    }
}
