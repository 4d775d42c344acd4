/// The rule for the names of backends.
package enum BackendName {
    /// - Returns: what is wrong with the name, or nil.
    package static func problem(_ name: String) -> String? {
        let bytes = name.utf8
        guard let first = bytes.first else { return "must not be empty" }
        guard bytes.count <= 64, first.isDigit || first.isLetter, bytes.allSatisfy(\.isNameByte) else {
            return "\(quoted(name)) is no backend name: use 1 to 64 letters, digits, '-', '_' and '.', "
                + "beginning with a letter or digit"
        }
        let folded = folded(name)
        if reserved.contains(folded) || folded.utf8.starts(with: "gate_".utf8) {
            return "\(quoted(name)) is reserved for the gateway; choose another name"
        }
        return nil
    }

    private static let reserved: Set<String> = ["gate", "mcp", "ui"]

    /// The name as clients may see it: lower-case, each run of `-`, `.` and `_` one `_`. Two backends whose folded names
    /// are equal would be one and the same to such a client.
    package static func folded(_ name: String) -> String {
        var result: [UInt8] = []
        for byte in name.utf8 {
            let isSeparator = byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
            if !isSeparator {
                result.append(byte.lowercased)
            } else if result.last != UInt8(ascii: "_") {
                result.append(UInt8(ascii: "_"))
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
