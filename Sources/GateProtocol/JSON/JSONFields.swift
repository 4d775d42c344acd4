/// One member of an object as byte ranges of the text it was found in.
public struct JSONField: Sendable, Equatable {
    /// The key between its quotes, as written.
    public let key: Range<Int>
    /// True when the key is written with escapes; its bytes then are not the key itself.
    public let keyIsEscaped: Bool
    /// The value with its quotes or brackets, without white space around it.
    public let value: Range<Int>
    /// The value's first byte, which tells its kind.
    public let first: UInt8

    public var isString: Bool { first == UInt8(ascii: "\"") }
    public var isObject: Bool { first == UInt8(ascii: "{") }
    public var isArray: Bool { first == UInt8(ascii: "[") }
    public var isNull: Bool { first == UInt8(ascii: "n") }
    public var isTrue: Bool { first == UInt8(ascii: "t") }
    public var isNumber: Bool { first == UInt8(ascii: "-") || first &- 0x30 < 10 }
    /// The bytes between a string's quotes, still escaped.
    public var content: Range<Int> { isString ? value.lowerBound + 1..<value.upperBound - 1 : value }
}

/// The members of one object, in their order, found without decoding any of them.
public struct JSONFields: Sendable, Equatable {
    public internal(set) var list: [JSONField] = []
    /// The object itself, with its braces.
    public internal(set) var range: Range<Int> = 0..<0

    public init() {}

    /// The member with this name, compared as bytes.
    @inlinable
    public func find(_ name: StaticString, in text: UnsafeRawBufferPointer) -> JSONField? {
        for field in list where JSONFields.matches(field, name, in: text) { return field }
        return nil
    }

    @usableFromInline
    static func matches(_ field: JSONField, _ name: StaticString, in text: UnsafeRawBufferPointer) -> Bool {
        if field.keyIsEscaped {
            guard let decoded = JSONString.decode(UnsafeRawBufferPointer(rebasing: text[field.key])) else {
                return false
            }
            return decoded.elementsEqual(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        }
        return JSONString.equal(text, field.key, name)
    }
}

extension JSONScanner {
    /// Consumes an object and returns its members; `visit` may look deeper into a value instead of skipping it.
    ///
    /// - Parameter visit: called with the key's range at each value; it must consume exactly that value and return its range.
    /// - Throws: ``JSONFault/Reason/duplicateKey`` when two keys are the same after decoding: readers disagree on which counts.
    public mutating func scanObject(
        _ visit: (inout JSONScanner, _ key: Range<Int>, _ escaped: Bool) throws(JSONFault) -> Range<Int>
    ) throws(JSONFault) -> JSONFields {
        skipWhitespace()
        guard offset < end else { throw JSONFault(.unexpectedEnd, at: offset) }
        guard bytes[offset] == UInt8(ascii: "{") else { throw JSONFault(.notAnObject, at: offset) }
        let start = offset
        var fields = JSONFields()
        var seen = SeenKeys()
        try countNode()
        try push(object: true)
        skipWhitespace()
        if offset < end, bytes[offset] == UInt8(ascii: "}") {
            pop()
            fields.range = start..<offset
            return fields
        }
        fields.list.reserveCapacity(8)
        while true {
            skipWhitespace()
            guard offset < end else { throw JSONFault(.unexpectedEnd, at: offset) }
            guard bytes[offset] == UInt8(ascii: "\"") else { throw JSONFault(.unexpectedByte, at: offset) }
            let (key, escaped) = try skipString()
            guard seen.insert(hash(key, escaped: escaped)) else { throw JSONFault(.duplicateKey, at: key.lowerBound) }
            if fields.list.count >= limits.members { throw JSONFault(.tooManyMembers, at: offset) }
            try skipColon()
            let first = try peek()
            let value = try visit(&self, key, escaped)
            fields.list.append(JSONField(key: key, keyIsEscaped: escaped, value: value, first: first))
            skipWhitespace()
            guard offset < end else { throw JSONFault(.unexpectedEnd, at: offset) }
            if bytes[offset] == UInt8(ascii: ",") {
                offset &+= 1
            } else if bytes[offset] == UInt8(ascii: "}") {
                pop()
                fields.range = start..<offset
                return fields
            } else {
                throw JSONFault(.unexpectedByte, at: offset)
            }
        }
    }

    /// The members of an object whose values are only skipped.
    public mutating func scanObject() throws(JSONFault) -> JSONFields {
        try scanObject { (scanner: inout JSONScanner, _, _) throws(JSONFault) in try scanner.skipValue() }
    }

    /// Consumes an array and returns the ranges of its elements.
    public mutating func scanArray() throws(JSONFault) -> [Range<Int>] {
        skipWhitespace()
        guard offset < end else { throw JSONFault(.unexpectedEnd, at: offset) }
        guard bytes[offset] == UInt8(ascii: "[") else { throw JSONFault(.unexpectedByte, at: offset) }
        var elements: [Range<Int>] = []
        try countNode()
        try push(object: false)
        skipWhitespace()
        if offset < end, bytes[offset] == UInt8(ascii: "]") {
            pop()
            return elements
        }
        while true {
            elements.append(try skipValue())
            skipWhitespace()
            guard offset < end else { throw JSONFault(.unexpectedEnd, at: offset) }
            if bytes[offset] == UInt8(ascii: ",") {
                offset &+= 1
            } else if bytes[offset] == UInt8(ascii: "]") {
                pop()
                return elements
            } else {
                throw JSONFault(.unexpectedByte, at: offset)
            }
        }
    }

    private func hash(_ key: Range<Int>, escaped: Bool) -> UInt64 {
        if escaped {
            let text = UnsafeRawBufferPointer(start: UnsafeRawPointer(bytes + key.lowerBound), count: key.count)
            if let decoded = JSONString.decode(text) { return StableHash.fnv1a(decoded) }
        }
        return StableHash.fnv1a(
            UnsafeRawBufferPointer(start: UnsafeRawPointer(bytes + key.lowerBound), count: key.count))
    }
}

/// Keys seen so far in one object, by hash: a collision refuses the sender's own message, never another's.
private struct SeenKeys {
    private var few: [UInt64] = []
    private var many: Set<UInt64> = []

    mutating func insert(_ hash: UInt64) -> Bool {
        if few.count < 16 {
            for known in few where known == hash { return false }
            few.append(hash)
            return true
        }
        if many.isEmpty { many = Set(few) }
        return many.insert(hash).inserted
    }
}
