/// A type with one JSON form, shared by the server that writes it and the SDK that reads it.
public protocol JSONRepresentable: Sendable {
    var json: JSONValue { get }
    /// Reads the JSON form; members that are not known are ignored, so that newer gateways can add some.
    init(json: JSONValue) throws(JSONShapeError)
}

/// A JSON value that lacks what its reader needs.
public struct JSONShapeError: Error, Sendable, Equatable, CustomStringConvertible {
    public let path: String
    public let expected: String

    public init(path: String, expected: String) {
        self.path = path
        self.expected = expected
    }

    public var description: String { "\(path): expected \(expected)" }
}

extension JSONValue {
    public func string(_ key: String) throws(JSONShapeError) -> String {
        guard let value = self[key]?.stringValue else { throw JSONShapeError(path: key, expected: "a string") }
        return value
    }

    public func int(_ key: String) throws(JSONShapeError) -> Int {
        guard let value = self[key]?.intValue else { throw JSONShapeError(path: key, expected: "an integer") }
        return value
    }

    public func double(_ key: String) throws(JSONShapeError) -> Double {
        guard let value = self[key]?.doubleValue else { throw JSONShapeError(path: key, expected: "a number") }
        return value
    }

    public func list<Element: JSONRepresentable>(
        _ key: String, of type: Element.Type
    ) throws(JSONShapeError) -> [Element] {
        guard let values = self[key]?.arrayValue else { throw JSONShapeError(path: key, expected: "an array") }
        var elements: [Element] = []
        for value in values { elements.append(try Element(json: value)) }
        return elements
    }
}
