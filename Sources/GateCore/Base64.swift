/// Base64 (RFC 4648) of bytes, read strictly: one spelling for each value.
package enum Base64 {
    /// The alphabet of file names and URLs, without padding.
    @inlinable package static func encodeURL(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count * 4 + 2) / 3)
        var bits: UInt32 = 0
        var count = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                out.append(letter(UInt8(truncatingIfNeeded: bits >> UInt32(count)) & 63))
            }
        }
        if count > 0 { out.append(letter(UInt8(truncatingIfNeeded: bits << UInt32(6 - count)) & 63)) }
        return String(decoding: out, as: UTF8.self)
    }

    /// The standard alphabet with its padding.
    @inlinable package static func encode(_ bytes: [UInt8]) -> String {
        var out = encodeURL(bytes).utf8.map { letter in
            switch letter {
            case UInt8(ascii: "-"): UInt8(ascii: "+")
            case UInt8(ascii: "_"): UInt8(ascii: "/")
            default: letter
            }
        }
        while out.count % 4 != 0 { out.append(UInt8(ascii: "=")) }
        return String(decoding: out, as: UTF8.self)
    }

    /// Reads what ``encodeURL(_:)`` writes.
    @inlinable package static func decodeURL(_ text: some Sequence<UInt8>) -> [UInt8]? {
        decode(text, minus: UInt8(ascii: "-"), slash: UInt8(ascii: "_"))
    }

    /// Reads the standard alphabet with its padding.
    @inlinable package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        var letters = Array(text)
        for _ in 0..<2 where letters.last == UInt8(ascii: "=") { letters.removeLast() }
        return decode(letters, minus: UInt8(ascii: "+"), slash: UInt8(ascii: "/"))
    }

    @inlinable static func decode(_ text: some Sequence<UInt8>, minus: UInt8, slash: UInt8) -> [UInt8]? {
        var out: [UInt8] = []
        out.reserveCapacity(text.underestimatedCount * 3 / 4)
        var bits: UInt32 = 0
        var count = 0
        for byte in text {
            let value: UInt8
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - UInt8(ascii: "0") + 52
            case minus: value = 62
            case slash: value = 63
            default: return nil
            }
            bits = (bits << 6 | UInt32(value)) & 0xFFFF
            count += 6
            if count >= 8 {
                count -= 8
                out.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        // A single letter too many, or bits that no byte holds: another spelling of the same value.
        guard count < 6, bits & ((1 << UInt32(count)) - 1) == 0 else { return nil }
        return out
    }

    @usableFromInline static func letter(_ value: UInt8) -> UInt8 {
        switch value {
        case 0..<26: UInt8(ascii: "A") + value
        case 26..<52: UInt8(ascii: "a") + value - 26
        case 52..<62: UInt8(ascii: "0") + value - 52
        case 62: UInt8(ascii: "-")
        default: UInt8(ascii: "_")
        }
    }
}
