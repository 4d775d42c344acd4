/// The place of a value in the configuration: `backends[0].env.TOKEN`.
struct ConfigPath: Hashable, Sendable {
    enum Component: Hashable, Sendable {
        case key(String)
        case index(Int)
    }

    var components: [Component] = []

    func appending(_ key: String) -> ConfigPath { ConfigPath(components: components + [.key(key)]) }
    func appending(_ index: Int) -> ConfigPath { ConfigPath(components: components + [.index(index)]) }

    var parent: ConfigPath? {
        components.isEmpty ? nil : ConfigPath(components: Array(components.dropLast()))
    }
}

extension ConfigPath: CustomStringConvertible {
    var description: String {
        var text = ""
        for component in components {
            switch component {
            case .index(let index): text += "[\(index)]"
            case .key(let key): text += (text.isEmpty ? "" : ".") + Self.shown(key)
            }
        }
        return text
    }

    /// The key as TOML would have it, cut when it is too long to be of use in a message.
    private static func shown(_ key: String) -> String {
        let bytes = key.utf8.prefix(65)
        if !bytes.isEmpty, bytes.count <= 64, bytes.allSatisfy({ $0.isNameByte && $0 != UInt8(ascii: ".") }) {
            return key
        }
        return quoted(key)
    }
}

/// A text as it may stand in a message: in quotes, control characters escaped, at most 64 characters of it.
func quoted(_ text: String) -> String {
    var result = "\""
    for (offset, scalar) in text.unicodeScalars.enumerated() {
        if offset == 64 {
            result += "…"
            break
        }
        switch scalar.value {
        case 0x22, 0x5C: result += "\\" + String(Character(scalar))
        case 0..<0x20, 0x7F..<0xA0, 0x200B...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF:
            result += "\\u{" + String(scalar.value, radix: 16) + "}"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
