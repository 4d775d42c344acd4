import GateCore

/// `${NAME}`, `${NAME:-default}` and `${file:PATH}` in the strings of the file.
///
/// What a variable or a file holds is not expanded again, and `$${` stands for `${`. A variable that is set but empty counts as
/// unset for `:-`, as in a shell.
struct VariableExpansion {
    /// Longest string that an expansion may make, in bytes.
    static let maxBytes = 256 * 1_024

    let environment: [String: String]
    /// What a file holds, by its path as written.
    var file: (_ path: String) throws(ConfigMessage) -> String = { path throws(ConfigMessage) in
        throw ConfigMessage("names the file \(quoted(path)), and there are no files here")
    }

    /// The text with its variables replaced.
    ///
    /// - Parameter mayNameFile: whether it is a place for secrets.
    /// - Throws: a message that names the variable or file, never a value.
    func expand(_ raw: String, mayNameFile: Bool = false) throws(ConfigMessage) -> ConfigString {
        let bytes = Array(raw.utf8)
        guard bytes.contains(UInt8(ascii: "$")) else { return ConfigString(literal: raw) }
        var result: [UInt8] = []
        var hasVariables = false
        var secrets: [Secret<String>] = []
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
                let reference = bytes[(index + 2)..<close]
                if reference.starts(with: Self.filePrefix) {
                    guard mayNameFile else { throw ConfigMessage(Self.noPlaceForSecrets) }
                    let secret = try secret(reference.dropFirst(Self.filePrefix.count))
                    secrets.append(Secret(secret))
                    result += secret.utf8
                } else {
                    result += try value(of: reference).utf8
                }
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
        return ConfigString(
            raw: raw, text: String(decoding: result, as: UTF8.self), hasVariables: hasVariables, secrets: secrets)
    }

    private static let filePrefix = Array("file:".utf8)
    private static let noPlaceForSecrets =
        "cannot hold ${file:…}, which is for secrets: values of 'env', 'headers' and 'values', 'url', 'client_id' and "
        + "'client_secret', and 'token'"

    private func secret(_ path: ArraySlice<UInt8>) throws(ConfigMessage) -> String {
        let secret = try file(String(decoding: path, as: UTF8.self))
        guard TenantTemplate.names(in: secret).isEmpty else {
            throw ConfigMessage("names a file that holds ${tenant.…}; write that into the configuration itself")
        }
        return secret
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
                "has a bad variable reference: write ${NAME}, ${NAME:-default} or ${file:/path}, or $${ for a literal ${"
            )
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
