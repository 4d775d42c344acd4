/// `${tenant.NAME}` in what a backend is started with: each tenant's instance gets its own value.
package enum TenantTemplate {
    private static let start = Array("${tenant.".utf8)

    /// The names that a text refers to.
    package static func names(in text: String) -> [String] {
        var names: [String] = []
        _ = fill(text) { name in
            names.append(name)
            return ""
        }
        return names
    }

    /// The text with each reference replaced. What is no whole reference stays as it is; values are not looked through again.
    package static func fill(_ text: String, _ value: (String) -> String) -> String {
        let bytes = Array(text.utf8)
        var out: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index...].starts(with: start), let end = bytes[index...].firstIndex(of: UInt8(ascii: "}")) {
                let name = bytes[(index + start.count)..<end]
                if isName(name) {
                    out += value(String(decoding: name, as: UTF8.self)).utf8
                    index = end + 1
                    continue
                }
            }
            out.append(bytes[index])
            index += 1
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// Letters, digits and `_`, not beginning with a digit.
    package static func isName(_ name: some Collection<UInt8>) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 || byte == UInt8(ascii: "_") }
        guard let first = name.first, isLetter(first), name.count <= 64 else { return false }
        return name.allSatisfy { isLetter($0) || $0 &- 0x30 < 10 }
    }
}
