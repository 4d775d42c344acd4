package import GateProtocol

extension JSONValue {
    /// The value over several lines, for people. Strings are made safe to show.
    package var pretty: String {
        var out = ""
        writePretty(to: &out, indent: "")
        return out
    }

    private func writePretty(to out: inout String, indent: String) {
        let inner = indent + "  "
        switch self {
        case .array(let elements) where !elements.isEmpty:
            // Short lists of plain values are easier to read on one line.
            if elements.allSatisfy(\.isPlain), text.utf8.count <= 80 {
                out += "[" + elements.map { SafeText.line($0.text) }.joined(separator: ", ") + "]"
                return
            }
            out += "[\n"
            for (index, element) in elements.enumerated() {
                out += inner
                element.writePretty(to: &out, indent: inner)
                out += index == elements.count - 1 ? "\n" : ",\n"
            }
            out += indent + "]"
        case .object(let object) where !object.isEmpty:
            out += "{\n"
            for (index, member) in object.members.enumerated() {
                out += inner + SafeText.line(JSONValue.string(member.key).text) + ": "
                member.value.writePretty(to: &out, indent: inner)
                out += index == object.members.count - 1 ? "\n" : ",\n"
            }
            out += indent + "}"
        default: out += SafeText.line(text)
        }
    }

    private var isPlain: Bool {
        switch self {
        case .array, .object: false
        default: true
        }
    }
}
