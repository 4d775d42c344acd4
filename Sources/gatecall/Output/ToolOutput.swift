import GateProtocol
import GateTerminal

/// A tool's result for people.
enum ToolOutput {
    static func text(_ result: JSONValue) -> String {
        let blocks = result["content"]?.arrayValue ?? []
        var parts = blocks.map(show)
        // Servers repeat structured content as text for clients that do not know it; once is enough for people.
        if let structured = result["structuredContent"], !structured.isNull {
            let repeated = blocks.contains { block in
                guard let text = block["text"]?.stringValue else { return false }
                return (try? JSONValue(parsing: text)) == structured
            }
            parts = repeated && blocks.count == 1 ? [structured.pretty] : parts + (repeated ? [] : [structured.pretty])
        }
        return parts.joined(separator: "\n")
    }

    private static func show(_ block: JSONValue) -> String {
        let type = block["type"]?.stringValue ?? "content"
        switch type {
        case "text": return SafeText.lines(block["text"]?.stringValue ?? "")
        case "resource":
            if let text = block["resource"]?["text"]?.stringValue { return SafeText.lines(text) }
            return note("resource", block["resource"]?["uri"], block["resource"]?["mimeType"])
        case "resource_link": return note("link", block["uri"], block["name"])
        default:
            let size = block["data"]?.stringValue.map { "\($0.utf8.count / 4 * 3) bytes" } ?? ""
            return note(type, block["mimeType"], .string(size)) + " (use --output json to get it)"
        }
    }

    private static func note(_ kind: String, _ values: JSONValue?...) -> String {
        let texts = [kind] + values.compactMap { $0?.stringValue }
        return "[" + texts.map(SafeText.line).filter { !$0.isEmpty }.joined(separator: " ") + "]"
    }
}
