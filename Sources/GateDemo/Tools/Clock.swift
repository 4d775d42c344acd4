// FoundationEssentials alone knows no time zone but GMT.
import Foundation
import GateProtocol

extension DemoTool {
    static let clock = DemoTool(
        name: "clock", title: "Clock",
        description: "Tells the current date and time (ISO 8601), in UTC or in a given time zone.",
        properties: [
            (
                "timezone",
                [
                    "type": "string",
                    "description": "An IANA time zone name, for example Europe/Berlin. Left out: UTC.",
                ]
            )
        ],
        required: [], isIdempotent: false
    ) { arguments, now throws(ToolMistake) in
        let name = try arguments.optionalText("timezone") ?? "UTC"
        guard let zone = TimeZone(identifier: name) else {
            throw ToolMistake(
                "Unknown time zone: \(name). Give an IANA name such as Europe/Berlin or America/New_York.")
        }
        let date = Date(timeIntervalSince1970: Double(now.unixSeconds))
        let style = Date.ISO8601FormatStyle(timeZoneSeparator: .colon, timeZone: zone)
        return .finished(ToolResult(text: "\(date.formatted(style)) (\(name))"))
    }
}
