import GateProtocol

extension DemoTool {
    static let stats = DemoTool(
        name: "stats", title: "Statistics",
        description:
            "Computes count, sum, mean, minimum and maximum of numbers, and returns them as structured content.",
        properties: [
            (
                "numbers",
                [
                    "type": "array", "items": ["type": "number"], "minItems": 1,
                    "description": "The numbers, at least one.",
                ]
            )
        ],
        required: ["numbers"],
        outputSchema: [
            "type": "object",
            "properties": [
                "count": ["type": "integer"], "sum": ["type": "number"], "mean": ["type": "number"],
                "min": ["type": "number"], "max": ["type": "number"],
            ],
            "required": ["count", "sum", "mean", "min", "max"],
        ]
    ) { arguments, _ throws(ToolMistake) in
        let numbers = try arguments.numbers("numbers")
        let sum = numbers.reduce(0, +)
        guard sum.isFinite, let least = numbers.min(), let greatest = numbers.max() else {
            throw ToolMistake("The sum of these numbers is too large for a 64-bit floating point number.")
        }
        let structured: JSONValue = [
            "count": .init(numbers.count), "sum": number(sum), "mean": number(sum / Double(numbers.count)),
            "min": number(least), "max": number(greatest),
        ]
        // The same as text, for clients that know no structured content.
        return .finished(ToolResult(text: structured.text, structured: structured))
    }

    /// Whole numbers as people write them: `6`, not `6.0`.
    private static func number(_ value: Double) -> JSONValue {
        abs(value) < 1e15 && value == value.rounded() ? .init(Int(value)) : .init(floatLiteral: value)
    }
}
