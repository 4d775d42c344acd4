import GateProtocol
import GateTerminal

/// A tool that waits, as people read it: what is suspicious, and what is different word by word.
struct DefinitionReport {
    let style: Style

    func text(_ tool: JSONValue) -> String {
        func member(_ key: String) -> String { SafeText.line(tool[key]?.stringValue ?? "") }
        let isHidden = tool["hidden"]?.boolValue == true
        let standing = member("standing") == "waiting" ? "" : member("standing") + ", "
        var lines = [
            style.apply(.bold, "\(member("server"))/\(member("tool"))") + "  \(standing)\(member("change")), "
                + (isHidden ? style.apply(.yellow, "hidden from agents") : "served")
                + style.apply(.dim, "  since \(member("seen"))  \(ToolSelector.naming(tool))")
        ]
        for flag in tool["flags"]?.arrayValue ?? [] {
            let place = SafeText.line(flag["path"]?.stringValue ?? "")
            let kind = (flag["kind"]?.stringValue ?? "").replacing("_", with: " ")
            lines.append(
                "  " + style.apply(.red, "! \(SafeText.line(kind))") + (place.isEmpty ? "" : " in \(place)") + ": "
                    + SafeText.line(flag["words"]?.stringValue ?? ""))
        }
        for difference in tool["differences"]?.arrayValue ?? [] { lines += describe(difference) }
        for member in tool["definition"]?.objectValue?.members ?? [] where member.key != "name" {
            lines += [style.apply(.dim, "  " + SafeText.line(member.key))] + indented(shown(member.value))
        }
        if tool["cut"]?.boolValue == true {
            lines.append("  There is more than can be shown here: \(style.apply(.dim, "see GET /integrity"))")
        }
        return lines.joined(separator: "\n")
    }

    private func describe(_ difference: JSONValue) -> [String] {
        let (before, after) = (difference["before"], difference["after"])
        let change = difference["change"]?.stringValue ?? ""
        let title = "  " + SafeText.line(difference["path"]?.stringValue ?? "")
        let head = style.apply(.dim, change == "changed" ? title : "\(title) (\(SafeText.line(change)))")
        switch (before, after) {
        case (.string(let old)?, .string(let new)?):
            let parts = WordDifference(old, new).parts
            let text = parts.enumerated().map {
                part($0.element, isFirst: $0.offset == 0, isLast: $0.offset == parts.count - 1)
            }
            return [head] + indented(text.joined())
        default:
            return [head] + (before.map { indented(marked(.removed, shown($0))) } ?? [])
                + (after.map { indented(marked(.added, shown($0))) } ?? [])
        }
    }

    private func part(_ part: WordDifference.Part, isFirst: Bool, isLast: Bool) -> String {
        guard part.kind == .same else { return marked(part.kind, visible(part.text)) }
        // Of long stretches that are as they were, the ends.
        let (most, end) = (160, 60)
        guard part.text.count > most else { return visible(part.text) }
        let head = isFirst ? "" : visible(String(part.text.prefix(end)))
        let tail = isLast ? "" : visible(String(part.text.suffix(end)))
        return head + style.apply(.dim, " … ") + tail
    }

    /// In colour, or in the signs of `wdiff` where there is none.
    private func marked(_ kind: WordDifference.Kind, _ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if style.isEnabled {
            return lines.map { style.apply(kind == .added ? .green : .red, String($0)) }.joined(separator: "\n")
        }
        return kind == .added ? "{+\(text)+}" : "[-\(text)-]"
    }

    private func shown(_ value: JSONValue) -> String { visible(value.stringValue ?? value.text) }

    private func visible(_ text: String) -> String {
        VisibleText.lines(text) { style.apply(.yellow, $0) }
    }

    private func indented(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }
    }
}
