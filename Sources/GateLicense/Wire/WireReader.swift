import GateCore
import GateProtocol

/// Reads an object of which every member is known: one that is missing, unknown or out of range refuses the message.
struct WireReader {
    private var members: [String: JSONValue] = [:]

    init(_ value: JSONValue, name: String = "message") throws(WireError) {
        guard let object = value.objectValue else { throw .badMember(name) }
        for member in object.members { members[member.key] = member.value }
    }

    /// Every message begins with this.
    mutating func version() throws(WireError) {
        let version = try integer("v", in: WireLimits.numbers)
        guard version == WireLimits.version else { throw .unknownVersion(version) }
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) throws(WireError) -> Int {
        guard let value = try optionalInteger(name, in: range) else { throw .badMember(name) }
        return value
    }

    mutating func optionalInteger(_ name: String, in range: ClosedRange<Int>) throws(WireError) -> Int? {
        guard let value = members.removeValue(forKey: name) else { return nil }
        guard let number = value.intValue, range.contains(number) else { throw .badMember(name) }
        return number
    }

    mutating func time(_ name: String) throws(WireError) -> Int { try integer(name, in: WireLimits.times) }

    mutating func string(_ name: String, where isGood: (String) -> Bool) throws(WireError) -> String {
        guard let text = members.removeValue(forKey: name)?.stringValue, isGood(text) else { throw .badMember(name) }
        return text
    }

    mutating func value<Value>(_ name: String, _ read: (String) -> Value?) throws(WireError) -> Value {
        guard let text = members.removeValue(forKey: name)?.stringValue, let value = read(text) else {
            throw .badMember(name)
        }
        return value
    }

    mutating func bytes(_ name: String, _ counts: ClosedRange<Int>) throws(WireError) -> [UInt8] {
        try value(name) { text in Base64.decodeURL(text.utf8).flatMap { counts.contains($0.count) ? $0 : nil } }
    }

    mutating func object(_ name: String) throws(WireError) -> JSONValue {
        guard let value = optional(name), value.objectValue != nil else { throw .badMember(name) }
        return value
    }

    mutating func optional(_ name: String) -> JSONValue? { members.removeValue(forKey: name) }

    /// Nothing may be left that was not asked for.
    func end() throws(WireError) {
        if let name = members.keys.min() { throw .badMember(WireText.shown(name)) }
    }
}

extension WireText {
    /// An identifier: 1 to 64 of letters, digits, `-` and `_`.
    static func isIdentifier(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
                default: false
                }
            }
    }

    /// 1 to 64 visible characters of ASCII.
    static func isVisible(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// A stranger's word as it may stand in an error.
    static func shown(_ text: String) -> String { isIdentifier(text) ? text : "(another name)" }
}
