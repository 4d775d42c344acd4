/// The answer of `POST /call`.
public struct CallAnswer: JSONRepresentable, Equatable {
    /// The tool's MCP result: `content`, `structuredContent`, `isError`.
    public var result: JSONValue
    public var server: String
    public var tool: String
    public var durationMilliseconds: Double
    public var correlationID: String?

    public init(
        result: JSONValue, server: String, tool: String, durationMilliseconds: Double, correlationID: String? = nil
    ) {
        self.result = result
        self.server = server
        self.tool = tool
        self.durationMilliseconds = durationMilliseconds
        self.correlationID = correlationID
    }

    public init(json: JSONValue) throws(JSONShapeError) {
        guard let result = json["result"] else { throw JSONShapeError(path: "result", expected: "a value") }
        self.result = result
        server = try json.string("server")
        tool = try json.string("tool")
        durationMilliseconds = json["duration_ms"]?.doubleValue ?? 0
        correlationID = json["correlation_id"]?.stringValue
    }

    public var json: JSONValue {
        var object = JSONObject([
            ("result", result), ("server", .string(server)), ("tool", .string(tool)),
            ("duration_ms", .init(rounded: durationMilliseconds)),
        ])
        if let correlationID { object["correlation_id"] = .string(correlationID) }
        return .object(object)
    }
}
