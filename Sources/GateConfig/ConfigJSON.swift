/// A strict, bounded reader of small JSON documents, for the body of a request that adds a backend.
///
/// RFC 8259 in UTF-8 without a byte-order mark; a key that occurs twice in one object is refused, so that no two readers
/// can see two different backends in one body.
struct ConfigJSON {
    static let maxBytes = 256 * 1_024
    static let maxDepth = 16

    private let bytes: [UInt8]
    private var index = 0

    static func parse(_ bytes: [UInt8]) throws(ConfigMessage) -> ConfigNode {
        guard bytes.count <= maxBytes else { throw ConfigMessage("the body is larger than 256 KiB") }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw ConfigMessage("the body is not valid UTF-8")
        }
        var reader = ConfigJSON(bytes: bytes)
        let node = try reader.value(depth: 0)
        reader.skipBlanks()
        guard reader.peek() == nil else { throw reader.failure("unexpected text after the value") }
        return node
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private mutating func value(depth: Int) throws(ConfigMessage) -> ConfigNode {
        guard depth <= Self.maxDepth else { throw failure("nested deeper than \(Self.maxDepth) levels") }
        skipBlanks()
        switch peek() {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(ConfigString(literal: try string()))
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .other("null"))
        case nil: throw failure("the text ends where a value should begin")
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(ConfigMessage) -> ConfigNode {
        index += 1
        var entries: [ConfigNode.Entry] = []
        var seen: Set<[UInt8]> = []
        skipBlanks()
        if take(UInt8(ascii: "}")) { return .table([]) }
        while true {
            skipBlanks()
            guard peek() == UInt8(ascii: "\"") else { throw failure("expected a key in quotes") }
            let key = try string()
            guard seen.insert(Array(key.utf8)).inserted else { throw failure("the key \(quoted(key)) occurs twice") }
            skipBlanks()
            guard take(UInt8(ascii: ":")) else { throw failure("expected ':'") }
            entries.append(.init(key: key, value: try value(depth: depth + 1)))
            skipBlanks()
            if take(UInt8(ascii: "}")) { return .table(entries) }
            guard take(UInt8(ascii: ",")) else { throw failure("expected ',' or '}'") }
        }
    }

    private mutating func array(depth: Int) throws(ConfigMessage) -> ConfigNode {
        index += 1
        var elements: [ConfigNode] = []
        skipBlanks()
        if take(UInt8(ascii: "]")) { return .array([]) }
        while true {
            elements.append(try value(depth: depth + 1))
            skipBlanks()
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { throw failure("expected ',' or ']'") }
        }
    }

    private mutating func word(_ word: String, _ node: ConfigNode) throws(ConfigMessage) -> ConfigNode {
        guard bytes[index...].starts(with: word.utf8) else { throw failure("unexpected text") }
        index += word.utf8.count
        return node
    }

    private mutating func number() throws(ConfigMessage) -> ConfigNode {
        let start = index
        var isInteger = true
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) {
            isInteger = false
            try digits()
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isInteger = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isInteger {
            guard let value = Int64(text) else { throw failure("a whole number is too large") }
            return .integer(value)
        }
        return .float(Double(text) ?? .nan)
    }

    private mutating func digits() throws(ConfigMessage) {
        guard peek()?.isDigit == true else { throw failure("unexpected text") }
        while peek()?.isDigit == true { index += 1 }
    }

    private mutating func string() throws(ConfigMessage) -> String {
        index += 1
        var result: [UInt8] = []
        while let byte = peek() {
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return result.text
            case UInt8(ascii: "\\"): result += String(Character(try escape())).utf8
            case 0..<0x20: throw failure("a string holds a bare control character")
            default: result.append(byte)
            }
        }
        throw failure("a string has no closing quote")
    }

    private mutating func escape() throws(ConfigMessage) -> Unicode.Scalar {
        guard let byte = peek() else { throw failure("a string has no closing quote") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            var code = try hex4()
            if (0xD800..<0xDC00).contains(code), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
                let low = try hex4()
                guard (0xDC00..<0xE000).contains(low) else { throw failure("a string holds half a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw failure("a string holds half a surrogate pair") }
            return scalar
        default: throw failure("a string holds an unknown escape")
        }
    }

    private mutating func hex4() throws(ConfigMessage) -> UInt32 {
        let digits = bytes[index...].prefix(4)
        guard digits.count == 4, digits.allSatisfy(\.isHexDigit),
            let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw failure("a string holds a bad \\u escape") }
        index += 4
        return code
    }

    private func peek() -> UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        index += 1
        return true
    }

    private mutating func skipBlanks() {
        while let byte = peek(), byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { index += 1 }
    }

    private func failure(_ message: String) -> ConfigMessage {
        ConfigMessage("the body is no valid JSON: \(message) (byte \(index))")
    }
}
