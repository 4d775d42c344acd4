/// A strict, bounded, allocation-free cursor over JSON text (RFC 8259, UTF-8, no byte order mark).
///
/// It validates and measures; it never decodes. What it hands out are byte ranges, so that what was checked and what is
/// forwarded are the same bytes. The pointer must outlive the scanner.
public struct JSONScanner {
    @usableFromInline let bytes: UnsafePointer<UInt8>
    @usableFromInline let end: Int
    public internal(set) var offset: Int
    let limits: JSONLimits
    var depth = 0
    var nodes = 0
    /// One bit for each open container, the innermost lowest: 1 for an object, 0 for an array.
    var containers: UInt64 = 0

    public init(_ buffer: UnsafeRawBufferPointer, limits: JSONLimits = .standard) {
        // An empty buffer may have no address; nothing is read when `end` is 0.
        bytes = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? JSONScanner.nowhere
        end = buffer.count
        offset = 0
        self.limits = limits
    }

    nonisolated(unsafe) private static let nowhere = UnsafePointer(UnsafeMutablePointer<UInt8>.allocate(capacity: 1))

    /// Checks that the whole text is one JSON value.
    public static func validate(_ buffer: UnsafeRawBufferPointer, limits: JSONLimits = .standard) throws(JSONFault) {
        var scanner = JSONScanner(buffer, limits: limits)
        try scanner.beginText()
        _ = try scanner.skipValue()
        try scanner.endText()
    }

    /// Skips what may stand before the value.
    public mutating func beginText() throws(JSONFault) {
        if end >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { throw JSONFault(.byteOrderMark, at: 0) }
        skipWhitespace()
        if offset == end { throw JSONFault(.empty, at: offset) }
    }

    /// Checks that only white space is left.
    public mutating func endText() throws(JSONFault) {
        skipWhitespace()
        if offset != end { throw JSONFault(.trailingBytes, at: offset) }
    }

    @inline(__always)
    mutating func skipWhitespace() {
        while offset < end {
            let byte = bytes[offset]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            offset &+= 1
        }
    }

    /// The first byte of the next value, without consuming it.
    public mutating func peek() throws(JSONFault) -> UInt8 {
        skipWhitespace()
        guard offset < end else { throw JSONFault(.unexpectedEnd, at: offset) }
        return bytes[offset]
    }

    @inline(__always)
    mutating func countNode() throws(JSONFault) {
        nodes &+= 1
        if nodes > limits.nodes { throw JSONFault(.tooManyValues, at: offset) }
    }

    @inline(__always)
    mutating func push(object: Bool) throws(JSONFault) {
        if depth >= limits.depth { throw JSONFault(.tooDeep, at: offset) }
        depth &+= 1
        containers = containers << 1 | (object ? 1 : 0)
        offset &+= 1
    }

    @inline(__always)
    mutating func pop() {
        depth &-= 1
        containers >>= 1
        offset &+= 1
    }

    /// Consumes one value of any kind and returns its bytes, without the white space around it.
    public mutating func skipValue() throws(JSONFault) -> Range<Int> {
        skipWhitespace()
        let start = offset
        let floor = depth
        while true {
            skipWhitespace()
            guard offset < end else { throw JSONFault(.unexpectedEnd, at: offset) }
            try countNode()
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                _ = try skipString()
            case UInt8(ascii: "{"):
                try push(object: true)
                skipWhitespace()
                if offset < end, bytes[offset] == UInt8(ascii: "}") {
                    pop()
                } else {
                    try skipKey()
                    continue
                }
            case UInt8(ascii: "["):
                try push(object: false)
                skipWhitespace()
                if offset < end, bytes[offset] == UInt8(ascii: "]") { pop() } else { continue }
            case UInt8(ascii: "t"): try skipLiteral("true")
            case UInt8(ascii: "f"): try skipLiteral("false")
            case UInt8(ascii: "n"): try skipLiteral("null")
            default: try skipNumber()
            }
            // A value has ended: close what ends with it, or go on to its neighbour.
            var another = false
            while depth > floor {
                skipWhitespace()
                guard offset < end else { throw JSONFault(.unexpectedEnd, at: offset) }
                let inObject = containers & 1 == 1
                let byte = bytes[offset]
                if byte == UInt8(ascii: ",") {
                    offset &+= 1
                    if inObject { try skipKey() }
                    another = true
                    break
                }
                guard byte == (inObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                    throw JSONFault(.unexpectedByte, at: offset)
                }
                pop()
            }
            if !another { return start..<offset }
        }
    }

    /// Consumes a key and the colon after it.
    @inline(__always)
    mutating func skipKey() throws(JSONFault) {
        skipWhitespace()
        guard offset < end else { throw JSONFault(.unexpectedEnd, at: offset) }
        guard bytes[offset] == UInt8(ascii: "\"") else { throw JSONFault(.unexpectedByte, at: offset) }
        _ = try skipString()
        try skipColon()
    }

    @inline(__always)
    mutating func skipColon() throws(JSONFault) {
        skipWhitespace()
        guard offset < end else { throw JSONFault(.unexpectedEnd, at: offset) }
        guard bytes[offset] == UInt8(ascii: ":") else { throw JSONFault(.unexpectedByte, at: offset) }
        offset &+= 1
    }
}
