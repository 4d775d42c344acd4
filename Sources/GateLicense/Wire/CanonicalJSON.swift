package import GateProtocol

/// The one spelling of a license message: objects, arrays, strings and integers; members sorted by the bytes of their names; no white
/// space; in strings only what JSON demands is escaped, `\n`, `\r` and `\t` by letter and other control characters as `\u00xx` in small
/// hexadecimal digits.
package enum CanonicalJSON {
    /// - Throws: ``WireError/notCanonical`` for what has no canonical form: fractions, `null`, `true`, `false`, a name twice.
    package static func encode(_ value: JSONValue) throws(WireError) -> [UInt8] {
        var out: [UInt8] = []
        try append(value, to: &out)
        return out
    }

    /// Reads what ``encode(_:)`` writes, and nothing else.
    package static func decode(_ bytes: [UInt8]) throws(WireError) -> JSONValue {
        let value = try WireText.decode(bytes)
        guard try encode(value) == bytes else { throw .notCanonical }
        return value
    }

    private static func append(_ value: JSONValue, to out: inout [UInt8]) throws(WireError) {
        switch value {
        case .string(let text): JSONString.append(text, to: &out)
        case .number(let text):
            guard let number = Int(text), number.magnitude <= WireLimits.numbers.upperBound.magnitude,
                String(number) == text
            else { throw .notCanonical }
            out += Array(text.utf8)
        case .array(let elements):
            out.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                try append(element, to: &out)
            }
            out.append(UInt8(ascii: "]"))
        case .object(let object):
            let members = object.members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            out.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 {
                    guard !members[index - 1].key.utf8.elementsEqual(member.key.utf8) else { throw .notCanonical }
                    out.append(UInt8(ascii: ","))
                }
                JSONString.append(member.key, to: &out)
                out.append(UInt8(ascii: ":"))
                try append(member.value, to: &out)
            }
            out.append(UInt8(ascii: "}"))
        case .bool, .null: throw .notCanonical
        }
    }
}

/// JSON from outside within the bounds of license messages, in any spelling.
package enum WireText {
    package static func decode(_ bytes: [UInt8]) throws(WireError) -> JSONValue {
        guard bytes.count <= WireLimits.bytes else { throw .tooLong(bytes.count) }
        do {
            return try JSONValue(parsing: bytes, limits: WireLimits.json)
        } catch {
            throw .notJSON(error)
        }
    }
}
