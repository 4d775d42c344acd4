import ArgumentParser
import GateAudit
import GateProtocol
import GateTerminal

struct AuditExport: ParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case ndjson, csv
    }

    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes the records to stdout, and the head to stderr.",
        discussion:
            "NDJSON is the records as they are, and can be verified again. Check the log first: stonegate audit verify")

    @Option(help: ArgumentHelp("ndjson or csv.", valueName: "format"))
    var format = Format.ndjson

    @Option(help: ArgumentHelp("Only records since then, as 2026-11-25T07:30:00Z.", valueName: "time"))
    var since: String?

    @Option(help: ArgumentHelp("Only records before then.", valueName: "time"))
    var until: String?

    @OptionGroup var location: AuditLocation

    private static let columns = [
        "seq", "time", "kind", "correlation_id", "agent", "session", "source", "async", "server", "tool",
        "arguments_bytes", "arguments_digest", "decision", "outcome", "sent", "bytes_out", "duration_us", "action",
        "target",
        "result", "detail", "prev", "hash",
    ]

    func run() throws {
        let folder = try location.folder()
        if format == .csv { Console.write(raw: Array((AuditExport.columns.joined(separator: ",") + "\r\n").utf8)) }
        // All times are UTC in one form but for the fraction, so that their order is that of their texts.
        let (since, until) = (since.map(AuditExport.bare), until.map(AuditExport.bare))
        var head = AuditChain.start
        for number in folder.segments {
            for text in (AuditFolder.read(folder.segment(number)) ?? []).split(separator: 0x0A) {
                guard let line = AuditLine(text) else {
                    Console.complain("stonegate: \(folder.segment(number)) is damaged. See: stonegate audit verify")
                    throw ExitCode.tampered
                }
                head = line.head
                let time = line.value["time"]?.stringValue ?? ""
                if let since, time < since { continue }
                if let until, time >= until { continue }
                let row = format == .ndjson ? Array(text) + [0x0A] : AuditExport.row(line.value)
                guard Console.write(raw: row) else { return }
            }
        }
        Console.complain("head \(head)")
    }

    private static func bare(_ time: String) -> String { time.hasSuffix("Z") ? String(time.dropLast()) : time }

    /// A line of CSV (RFC 4180) that no spreadsheet takes for a formula.
    private static func row(_ record: JSONValue) -> [UInt8] {
        let cells = columns.map { name -> String in
            guard let value = record[name] else { return "" }
            let text = value.stringValue ?? value.text
            let isFormula = value.stringValue != nil && ["=", "+", "-", "@", "\t", "\r"].contains(text.prefix(1))
            return "\"" + ((isFormula ? "'" : "") + text).replacing("\"", with: "\"\"") + "\""
        }
        return Array((cells.joined(separator: ",") + "\r\n").utf8)
    }
}
