/// The rules for names that clients see: which ones every client takes as they are, and which two become one on the
/// way through a client.
package enum ToolNaming {
    /// Longest exposed name. Clients add a prefix of up to 16 characters and must stay within the model's 64.
    package static let maxLength = 48

    /// Folded beginning of the gateway's own tools.
    static let reservedPrefix = "gate_"

    /// Whether the name needs no change: `^[A-Za-z0-9_-]{1,48}$`.
    package static func fits(_ name: String) -> Bool {
        let bytes = name.utf8
        return !bytes.isEmpty && bytes.count <= maxLength && bytes.allSatisfy(isAllowed)
    }

    /// What is left of a name in the least careful client: lower case, and `-`, `.`, `/` and runs of `_` as one `_`.
    /// Two exposed names with the same fold must not exist.
    package static func fold(_ name: String) -> String {
        var folded: [UInt8] = []
        folded.reserveCapacity(name.utf8.count)
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "_"):
                if folded.last != UInt8(ascii: "_") { folded.append(UInt8(ascii: "_")) }
            case UInt8(ascii: "A")...UInt8(ascii: "Z"):
                folded.append(byte | 0x20)
            default:
                folded.append(byte)
            }
        }
        return String(decoding: folded, as: UTF8.self)
    }

    /// Whether the name reads as one of the gateway's own tools (`gate_…`) in some client. One that splits camel case
    /// makes `gate_call` of `gateCall`.
    package static func isReserved(_ name: String) -> Bool {
        if fold(name).utf8.starts(with: reservedPrefix.utf8) { return true }
        let head = Array(name.utf8.prefix(5))
        guard head.count == 5, let last = head.last, isUpper(last), head[3] == UInt8(ascii: "e") else { return false }
        return fold(String(decoding: head, as: UTF8.self)).utf8.starts(with: "gate".utf8)
    }

    /// The name within the allowed alphabet: every other character becomes `_`, runs of `_` become one. Nil when
    /// neither a letter nor a digit is left.
    static func sanitized(_ name: String) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(name.utf8.count)
        for byte in name.utf8 {
            let kept = isAllowed(byte) ? byte : UInt8(ascii: "_")
            if kept == UInt8(ascii: "_"), bytes.last == UInt8(ascii: "_") { continue }
            bytes.append(kept)
        }
        guard bytes.contains(where: isAlphanumeric) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The name cut so that it ends in `_` and the eight characters of the hash, at most 48 in all.
    static func cut(_ name: String, hash: UInt64) -> String {
        var head = Array(name.utf8.prefix(maxLength - NameHash.suffixLength - 1))
        while let last = head.last, last == UInt8(ascii: "_") || last == UInt8(ascii: "-") { head.removeLast() }
        return String(decoding: head, as: UTF8.self) + "_" + NameHash.suffix(hash)
    }

    static func isAllowed(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }

    static func isLetter(_ byte: UInt8) -> Bool {
        isUpper(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }

    private static func isUpper(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
