import GateCore

/// `${NAME}` and `${NAME:-default}` in the strings of the file.
///
/// What a variable holds is not expanded again, and `$${` stands for `${`. A variable that is set but empty counts as
/// unset for `:-`, as in a shell.
struct VariableExpansion {
    /// Longest string that an expansion may make, in bytes.
    static let maxBytes = 256 * 1_024

    let environment: [String: String]

    /// The text with its variables replaced.
    ///
    /// - Throws: a message that names the variable, never a value.
    func expand(_ raw: String) throws(ConfigMessage) -> ConfigString {
        let bytes = Array(raw.utf8)
        guard bytes.contains(UInt8(ascii: "$")) else { return ConfigString(literal: raw) }
        var result: [UInt8] = []
        var hasVariables = false
        var index = 0
        while index < bytes.count {
            let rest = bytes[index...]
            if rest.starts(with: "$${tenant.".utf8) {
                throw ConfigMessage("cannot hold a literal ${tenant.…}: it stands for a value of the caller's tenant")
            } else if rest.starts(with: "$${".utf8) {
                result += "${".utf8
                index += 3
            } else if rest.starts(with: "${".utf8) {
                guard let close = rest.firstIndex(of: UInt8(ascii: "}")) else {
                    throw ConfigMessage("has '${' without '}'; write $${ for a literal ${")
                }
                result += try value(of: bytes[(index + 2)..<close]).utf8
                hasVariables = true
                index = close + 1
            } else {
                result.append(bytes[index])
                index += 1
            }
            guard result.count <= Self.maxBytes else {
                throw ConfigMessage("is longer than 256 KiB after its variables are expanded")
            }
        }
        return ConfigString(raw: raw, text: String(decoding: result, as: UTF8.self), hasVariables: hasVariables)
    }

    private func value(of reference: ArraySlice<UInt8>) throws(ConfigMessage) -> String {
        let nameEnd = reference.firstIndex { !$0.isVariableByte } ?? reference.endIndex
        let name = String(decoding: reference[..<nameEnd], as: UTF8.self)
        let tail = reference[nameEnd...]
        // Of whom is known when a tenant's instance is started.
        if name == "tenant", tail.first == UInt8(ascii: "."), TenantTemplate.isName(tail.dropFirst()) {
            return "${" + String(decoding: reference, as: UTF8.self) + "}"
        }
        guard let first = name.utf8.first, !first.isDigit, tail.isEmpty || tail.starts(with: ":-".utf8) else {
            throw ConfigMessage(
                "has a bad variable reference: write ${NAME} or ${NAME:-default}, or $${ for a literal ${")
        }
        let value = environment[name]
        if tail.isEmpty {
            guard let value else {
                throw ConfigMessage(
                    "needs the environment variable \(name), which is not set; set it or write ${\(name):-default}")
            }
            return value
        }
        if let value, !value.isEmpty { return value }
        return String(decoding: tail.dropFirst(2), as: UTF8.self)
    }
}

/// What is wrong with a value, without the place; becomes a `ConfigProblem` where the place is known.
struct ConfigMessage: Error, Equatable {
    let text: String

    init(_ text: String) {
        self.text = text
    }
}

extension UInt8 {
    /// Letters, digits and `_`.
    var isVariableByte: Bool { isDigit || isLetter || self == UInt8(ascii: "_") }
}
