/// A value of the effective configuration, ready to be written as TOML or JSON.
indirect enum EffectiveValue {
    case string(String)
    case integer(Int)
    case boolean(Bool)
    case array([EffectiveValue])
    case table([(key: String, value: EffectiveValue)])

    func writeJSON(to text: inout String) {
        switch self {
        case .string(let value): Self.writeString(value, to: &text)
        case .integer(let value): text += String(value)
        case .boolean(let value): text += value ? "true" : "false"
        case .array(let values):
            text += "["
            for (offset, value) in values.enumerated() {
                if offset > 0 { text += "," }
                value.writeJSON(to: &text)
            }
            text += "]"
        case .table(let entries):
            text += "{"
            for (offset, entry) in entries.enumerated() {
                if offset > 0 { text += "," }
                Self.writeString(entry.key, to: &text)
                text += ":"
                entry.value.writeJSON(to: &text)
            }
            text += "}"
        }
    }

    /// The value on one line, tables as inline tables.
    func writeTOML(to text: inout String) {
        switch self {
        case .string, .integer, .boolean: writeJSON(to: &text)
        case .array(let values):
            text += "["
            for (offset, value) in values.enumerated() {
                if offset > 0 { text += ", " }
                value.writeTOML(to: &text)
            }
            text += "]"
        case .table(let entries):
            text += entries.isEmpty ? "{" : "{ "
            for (offset, entry) in entries.enumerated() {
                if offset > 0 { text += ", " }
                Self.writeKey(entry.key, to: &text)
                text += " = "
                entry.value.writeTOML(to: &text)
            }
            text += entries.isEmpty ? "}" : " }"
        }
    }

    static func writeKey(_ key: String, to text: inout String) {
        if !key.isEmpty, key.utf8.allSatisfy({ $0.isNameByte && $0 != UInt8(ascii: ".") }) {
            text += key
        } else {
            writeString(key, to: &text)
        }
    }

    /// A string in the escapes that JSON and TOML basic strings share.
    private static func writeString(_ value: String, to text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar.value {
            case 0x22: text += "\\\""
            case 0x5C: text += "\\\\"
            case 0x0A: text += "\\n"
            case 0x0D: text += "\\r"
            case 0x09: text += "\\t"
            case 0..<0x20, 0x7F:
                let hex = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
