import GateProtocol
import GateTerminal

/// A call of the log for people.
struct LogLine {
    let call: JSONValue

    init(_ call: JSONValue) { self.call = call }

    static let columns: [Table.Column] = [
        .init("TIME (UTC)"), .init("STATUS"), .init("TIME", .right), .init("AGENT"), .init("TOOL"),
        .init("CORRELATION ID"),
    ]

    private func text(_ name: String) -> String { call[name]?.stringValue ?? "" }

    private var time: String { String(text("time").prefix(19)).replacing("T", with: " ") }
    private var status: String { call["code"]?.stringValue ?? text("status") }
    private var took: String { Spoken.milliseconds(call["duration_ms"]?.doubleValue ?? 0) }
    private var tool: String { text("server").isEmpty ? text("tool") : "\(text("server"))/\(text("tool"))" }

    var cells: [Table.Cell] {
        let cell: Table.Cell =
            switch text("status") {
            case "success": .init(status, .green)
            case "cancelled": .init(status, .yellow)
            default: .init(status, .red)
            }
        return [
            .init(time, .dim), cell, .init(took), .init(text("agent")), .init(tool, .bold),
            .init(text("correlation_id"), .dim),
        ]
    }

    /// On one line, for a log that is followed.
    func text(_ style: Style) -> String { cells.map { $0.rendered(style) }.joined(separator: "  ") }
}
