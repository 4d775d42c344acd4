/// A JSON value as a tree, for the few places that look into JSON: schemas, configuration, REST bodies. Never for a call's
/// arguments or result, which are forwarded as bytes.
///
/// Numbers keep the text they were written with, and members keep their order, so that what is written again is what was read.
public indirect enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// The number's own text, for example `1.10` or `9007199254740993`.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// Reads one value; the text is held to the same strict rules as the scanner's.
    public init(parsing text: UnsafeRawBufferPointer, limits: JSONLimits = .standard) throws(JSONFault) {
        try JSONScanner.validate(text, limits: limits)
        var parser = JSONParser(text: text)
        self = try parser.value()
    }

    public init(parsing bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONFault) {
        let result = bytes.withUnsafeBytes { buffer in
            Result { () throws(JSONFault) in try JSONValue(parsing: buffer, limits: limits) }
        }
        self = try result.get()
    }

    public init(parsing string: String, limits: JSONLimits = .standard) throws(JSONFault) {
        try self.init(parsing: Array(string.utf8), limits: limits)
    }

    /// The value's compact text.
    public var bytes: [UInt8] {
        var out: [UInt8] = []
        append(to: &out)
        return out
    }

    public var text: String { String(decoding: bytes, as: UTF8.self) }

    public func append(to out: inout [UInt8]) {
        switch self {
        case .null: out.append(contentsOf: "null".utf8)
        case .bool(let value): out.append(contentsOf: (value ? "true" : "false").utf8)
        case .number(let text): out.append(contentsOf: text.utf8)
        case .string(let string): JSONString.append(string, to: &out)
        case .array(let elements):
            out.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                element.append(to: &out)
            }
            out.append(UInt8(ascii: "]"))
        case .object(let object):
            out.append(UInt8(ascii: "{"))
            for (index, member) in object.members.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                JSONString.append(member.key, to: &out)
                out.append(UInt8(ascii: ":"))
                member.value.append(to: &out)
            }
            out.append(UInt8(ascii: "}"))
        }
    }
}

extension JSONValue {
    /// Strings are the same when their bytes are: Unicode's equivalent spellings are different values to a backend.
    public static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)), (.string(let left), .string(let right)):
            left.utf8.elementsEqual(right.utf8)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }
}

extension JSONValue {
    public var stringValue: String? { if case .string(let value) = self { value } else { nil } }
    public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var arrayValue: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    public var objectValue: JSONObject? { if case .object(let value) = self { value } else { nil } }
    public var isNull: Bool { self == .null }
    /// The number as an integer, when it is written as one and fits.
    public var intValue: Int? { if case .number(let text) = self { Int(text) } else { nil } }
    /// The number as the nearest double; nil when it lies beyond what a double can hold.
    public var doubleValue: Double? {
        guard case .number(let text) = self, let value = Double(text), value.isFinite else { return nil }
        return value
    }

    /// The member of an object; nil for any other kind of value.
    public subscript(key: String) -> JSONValue? { objectValue?[key] }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .number(String(value)) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(floatLiteral value: Double) { self = value.isFinite ? .number(String(value)) : .null }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(JSONObject(elements)) }
    public init(nilLiteral: ()) { self = .null }
    public init(_ value: Int) { self = .number(String(value)) }
    public init(_ value: String) { self = .string(value) }
    public init(_ value: Bool) { self = .bool(value) }
    /// A number with at most three decimals, as durations and rates are shown; null when it is not finite.
    public init(rounded value: Double) {
        guard value.isFinite, abs(value) < 1e15 else {
            self = .null
            return
        }
        let thousandths = (value * 1000).rounded()
        let whole = Int(thousandths)
        self = whole % 1000 == 0 ? .number(String(whole / 1000)) : .number(String(Double(whole) / 1000))
    }
}
