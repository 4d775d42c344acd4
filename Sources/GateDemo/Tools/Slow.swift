import GateProtocol

extension DemoTool {
    static let slow = DemoTool(
        name: "slow", title: "Slow work",
        description: """
            Takes its time and reports progress after each step, to show progress notices, cancellation and time-outs. \
            Nothing is done in that time.
            """,
        properties: [
            (
                "seconds",
                [
                    "type": "number", "minimum": 0, "maximum": 600, "default": 3,
                    "description": "How long the whole call takes.",
                ]
            ),
            (
                "steps",
                [
                    "type": "integer", "minimum": 1, "maximum": 1000, "default": 5,
                    "description": "In how many steps.",
                ]
            ),
        ],
        required: []
    ) { arguments, _ throws(ToolMistake) in
        .slow(
            seconds: try arguments.number("seconds", default: 3, in: 0...600),
            steps: try arguments.integer("steps", default: 5, in: 1...1000))
    }
}

/// A `slow` call that is under way.
struct SlowCall: Sendable {
    private let request: Request
    private let start: Duration
    private let total: Duration
    private let steps: Int
    private var stepsDone = 0

    init(_ request: Request, seconds: Double, steps: Int, from start: Duration) {
        self.request = request
        self.start = start
        self.steps = steps
        total = .seconds(seconds)
    }

    var isDone: Bool { stepsDone == steps }
    /// When the next step ends.
    var nextStep: Duration { start + total * (stepsDone + 1) / steps }

    /// Ends the steps that are due: a progress notice for each, and the result after the last.
    mutating func advance(to now: Duration) -> [[UInt8]] {
        var out: [[UInt8]] = []
        while !isDone, nextStep <= now {
            stepsDone += 1
            if let notice = request.progress(stepsDone, of: steps, "Step \(stepsDone) of \(steps) is done.") {
                out.append(notice)
            }
        }
        if isDone {
            let seconds = Double(total.components.seconds) + Double(total.components.attoseconds) / 1e18
            let text = "Done: \(steps) step\(steps == 1 ? "" : "s") in \(JSONValue(rounded: seconds).text) s."
            out.append(request.reply(ToolResult(text: text).object))
        }
        return out
    }
}
