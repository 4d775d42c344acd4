import GateProtocol

extension DemoTool {
    static let fail = DemoTool(
        name: "fail", title: "Failure",
        description: "Always fails, with the given message, to show how the failure of a tool reaches its caller.",
        properties: [
            ("message", ["type": "string", "description": "What the failure says. Left out: a standard sentence."])
        ],
        required: []
    ) { arguments, _ throws(ToolMistake) in
        .finished(.failure(try arguments.optionalText("message") ?? "This tool always fails; that is its purpose."))
    }
}
