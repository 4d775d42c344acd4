/// Builds a ``JSONValue`` from text that the scanner has already accepted, so depth and size are known to be bounded.
struct JSONParser {
    let text: UnsafeRawBufferPointer
    private var offset = 0

    init(text: UnsafeRawBufferPointer) { self.text = text }

    mutating func value() throws(JSONFault) -> JSONValue {
        skipWhitespace()
        guard offset < text.count else { throw JSONFault(.unexpectedEnd, at: offset) }
        switch text[offset] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"):
            offset += 4
            return .bool(true)
        case UInt8(ascii: "f"):
            offset += 5
            return .bool(false)
        case UInt8(ascii: "n"):
            offset += 4
            return .null
        default:
            let start = offset
            while offset < text.count, isNumberByte(text[offset]) { offset += 1 }
            if offset == start { throw JSONFault(.unexpectedByte, at: offset) }
            return .number(String(decoding: text[start..<offset], as: UTF8.self))
        }
    }

    private mutating func object() throws(JSONFault) -> JSONValue {
        offset += 1
        var object = JSONObject()
        var seen: Set<[UInt8]> = []
        while true {
            skipWhitespace()
            guard offset < text.count else { throw JSONFault(.unexpectedEnd, at: offset) }
            if text[offset] == UInt8(ascii: "}") { break }
            if text[offset] == UInt8(ascii: ",") {
                offset += 1
                continue
            }
            let start = offset
            let key = try string()
            guard seen.insert(Array(key.utf8)).inserted else { throw JSONFault(.duplicateKey, at: start) }
            skipWhitespace()
            offset += 1
            object.members.append(.init(key: key, value: try value()))
        }
        offset += 1
        return .object(object)
    }

    private mutating func array() throws(JSONFault) -> JSONValue {
        offset += 1
        var elements: [JSONValue] = []
        while true {
            skipWhitespace()
            guard offset < text.count else { throw JSONFault(.unexpectedEnd, at: offset) }
            if text[offset] == UInt8(ascii: "]") { break }
            if text[offset] == UInt8(ascii: ",") {
                offset += 1
                continue
            }
            elements.append(try value())
        }
        offset += 1
        return .array(elements)
    }

    private mutating func string() throws(JSONFault) -> String {
        let start = offset + 1
        offset = start
        while offset < text.count, text[offset] != UInt8(ascii: "\"") {
            offset += text[offset] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard offset < text.count else { throw JSONFault(.unexpectedEnd, at: start) }
        let content = UnsafeRawBufferPointer(rebasing: text[start..<offset])
        offset += 1
        guard let decoded = JSONString.decode(content) else { throw JSONFault(.badEscape, at: start) }
        return String(decoding: decoded, as: UTF8.self)
    }

    private mutating func skipWhitespace() {
        while offset < text.count, [0x20, 0x0A, 0x0D, 0x09].contains(text[offset]) { offset += 1 }
    }

    private func isNumberByte(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 10 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".")
            || byte | 0x20 == UInt8(ascii: "e")
    }
}
