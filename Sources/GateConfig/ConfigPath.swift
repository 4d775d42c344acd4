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

extension ConfigPath {
    /// The names of its keys, those of arrays' elements left out: `backends`, `env`, `TOKEN`.
    private var keys: [String] {
        components.compactMap { if case .key(let key) = $0 { key } else { nil } }
    }

    /// Whether `${tenant.…}` may stand here.
    var isTenantValue: Bool {
        let keys = keys
        return keys.count == 3 && keys[0] == "backends" && ["env", "headers"].contains(keys[1])
    }

    /// Whether the value is kept as a secret, so that `${file:…}` may stand here.
    var isSecret: Bool {
        let keys = keys
        switch keys.first {
        case "backends"? where keys.count == 2: return keys[1] == "url"
        case "backends"? where keys.count == 3:
            return ["env", "headers"].contains(keys[1])
                || (keys[1] == "oauth" && ["client_id", "client_secret"].contains(keys[2]))
        case "tenants"?: return keys.count == 3 && keys[1] == "values"
        case "agents"?: return keys.count == 2 && keys[1] == "token"
        default: return false
        }
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
