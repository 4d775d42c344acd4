import GateProtocol

extension DemoTool {
    static let echo = DemoTool(
        name: "echo", title: "Echo",
        description: "Returns the given text unchanged. Use it to check that a call goes through.",
        properties: [("text", ["type": "string", "description": "The text to return."])],
        required: ["text"]
    ) { arguments, _ throws(ToolMistake) in
        .finished(ToolResult(text: try arguments.text("text")))
    }
}
