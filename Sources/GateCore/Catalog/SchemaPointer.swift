/// References within one document: `#` and `#/a/b`, with the escapes of RFC 6901 and of URI fragments.
enum SchemaPointer {
    /// The steps of a local reference; nil when it names another document or an anchor.
    static func segments(_ reference: String) -> [String]? {
        guard reference.utf8.first == UInt8(ascii: "#") else { return nil }
        let rest = reference.utf8.dropFirst()
        if rest.isEmpty { return [] }
        guard rest.first == UInt8(ascii: "/") else { return nil }
        return rest.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { unescape(Array($0)) }
    }

    private static func unescape(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count, let high = digit(bytes[index + 1]),
                let low = digit(bytes[index + 2])
            {
                out.append(high << 4 | low)
                index += 3
            } else {
                out.append(bytes[index])
                index += 1
            }
        }
        guard out.contains(UInt8(ascii: "~")) else { return String(decoding: out, as: UTF8.self) }
        var text: [UInt8] = []
        index = 0
        while index < out.count {
            let next = index + 1 < out.count ? out[index + 1] : 0
            if out[index] == UInt8(ascii: "~"), next == UInt8(ascii: "0") || next == UInt8(ascii: "1") {
                text.append(next == UInt8(ascii: "0") ? UInt8(ascii: "~") : UInt8(ascii: "/"))
                index += 2
            } else {
                text.append(out[index])
                index += 1
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
