/// Decoding, encoding and comparing of JSON strings as bytes.
public enum JSONString {
    /// Whether the bytes of a range are exactly those of a literal.
    @inlinable
    public static func equal(_ text: UnsafeRawBufferPointer, _ range: Range<Int>, _ literal: StaticString) -> Bool {
        guard range.count == literal.utf8CodeUnitCount, range.upperBound <= text.count else { return false }
        var index = 0
        while index < range.count {
            if text[range.lowerBound &+ index] != literal.utf8Start[index] { return false }
            index &+= 1
        }
        return true
    }

    /// The bytes that a string's content (between its quotes, already validated) stands for.
    ///
    /// - Returns: nil when an escape names half a surrogate pair, which no UTF-8 text can hold.
    public static func decode(_ content: UnsafeRawBufferPointer) -> [UInt8]? {
        var out: [UInt8] = []
        out.reserveCapacity(content.count)
        var index = 0
        while index < content.count {
            let byte = content[index]
            guard byte == UInt8(ascii: "\\") else {
                out.append(byte)
                index += 1
                continue
            }
            guard index + 1 < content.count else { return nil }
            switch content[index + 1] {
            case UInt8(ascii: "b"): out.append(0x08)
            case UInt8(ascii: "f"): out.append(0x0C)
            case UInt8(ascii: "n"): out.append(0x0A)
            case UInt8(ascii: "r"): out.append(0x0D)
            case UInt8(ascii: "t"): out.append(0x09)
            case UInt8(ascii: "u"):
                guard let unit = unit(content, at: index + 2) else { return nil }
                index += 6
                var scalar = UInt32(unit)
                if unit & 0xFC00 == 0xD800 {
                    guard index + 1 < content.count, content[index] == UInt8(ascii: "\\"),
                        content[index + 1] == UInt8(ascii: "u"),
                        let low = self.unit(content, at: index + 2), low & 0xFC00 == 0xDC00
                    else { return nil }
                    index += 6
                    scalar = 0x10000 + (UInt32(unit) & 0x3FF) << 10 + UInt32(low) & 0x3FF
                }
                guard let scalar = Unicode.Scalar(scalar) else { return nil }
                out.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
                continue
            case let other: out.append(other)
            }
            index += 2
        }
        return out
    }

    private static func unit(_ content: UnsafeRawBufferPointer, at index: Int) -> UInt16? {
        guard index + 4 <= content.count else { return nil }
        var value: UInt16 = 0
        for offset in 0..<4 {
            guard let digit = hexValue(content[index + offset]) else { return nil }
            value = value << 4 | digit
        }
        return value
    }

    /// Appends a string with its quotes, escaping what JSON demands and nothing else.
    public static func append(_ string: String, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for byte in string.utf8 { appendEscaped(byte, to: &out) }
        out.append(UInt8(ascii: "\""))
    }

    /// A string with its quotes.
    public static func encode(_ string: String) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(string.utf8.count + 2)
        append(string, to: &out)
        return out
    }

    @inline(__always)
    private static func appendEscaped(_ byte: UInt8, to out: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            out.append(UInt8(ascii: "\\"))
            out.append(byte)
        case 0x0A: out.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
        case 0x0D: out.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "r")])
        case 0x09: out.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "t")])
        case 0..<0x20:
            let hex: StaticString = "0123456789abcdef"
            out.append(contentsOf: "\\u00".utf8)
            out.append(hex.utf8Start[Int(byte >> 4)])
            out.append(hex.utf8Start[Int(byte & 15)])
        default: out.append(byte)
        }
    }
}
