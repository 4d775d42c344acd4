import GateProtocol

/// What a tool gives back.
struct ToolResult: Sendable {
    var text: String
    var structured: JSONValue?
    var isError = false

    static func failure(_ text: String) -> ToolResult { ToolResult(text: text, isError: true) }

    var object: JSONObject {
        var object = JSONObject([("content", [["type": "text", "text": .string(text)]])])
        if let structured { object["structuredContent"] = structured }
        object["isError"] = .bool(isError)
        return object
    }
}

/// Arguments that a tool cannot work with, in words that help to correct them.
struct ToolMistake: Error {
    let message: String

    init(_ message: String) { self.message = message }
}
