import ArgumentParser
import GateProtocol

/// Makes a tool's arguments of `key=value` words, typed by the tool's schema.
struct ArgumentReader {
    let schema: ToolSchema

    /// - Throws: `ValidationError` for a word that is no `key=value` or does not fit the schema's type.
    func read(_ words: [String]) throws -> JSONValue {
        var object = JSONObject()
        /// Arrays that are being put together from repeated keys.
        var lists: Set<String> = []
        for word in words {
            let (key, text, isJSON) = try Self.split(word)
            let property = schema.property(key) ?? .object(JSONObject())
            if isJSON {
                guard let value = try? JSONValue(parsing: text) else {
                    throw ValidationError("\(key):= must be followed by JSON; a string needs quotes.")
                }
                try add(value, key, to: &object)
            } else if let element = try element(text, key, property) {
                if lists.insert(key).inserted {
                    try add([element], key, to: &object)
                } else {
                    object[key] = .array((object[key]?.arrayValue ?? []) + [element])
                }
            } else {
                try add(try value(text, key, types: schema.types(property)), key, to: &object)
            }
        }
        return .object(object)
    }

    /// `key=value`, or `key:=JSON`.
    private static func split(_ word: String) throws -> (key: String, text: String, isJSON: Bool) {
        guard let equals = word.firstIndex(of: "="), equals != word.startIndex else {
            throw ValidationError(
                "\(word): write an argument as key=value, several as --json '{…}', or - for JSON on stdin.")
        }
        let key = word[..<equals]
        let text = String(word[word.index(after: equals)...])
        return key.last == ":" && key.count > 1
            ? (String(key.dropLast()), text, true) : (String(key), text, false)
    }

    private func add(_ value: JSONValue, _ key: String, to object: inout JSONObject) throws {
        guard object[key] == nil else { throw ValidationError("\(key) is given twice.") }
        object[key] = value
    }

    /// An element of an array argument that is given one by one: `tag=a tag=b`; nil when the word is something else.
    private func element(_ text: String, _ key: String, _ property: JSONValue) throws -> JSONValue? {
        guard schema.types(property) == ["array"], text.utf8.first(where: { $0 != 0x20 }) != UInt8(ascii: "[") else {
            return nil
        }
        return try value(text, key, types: schema.items(property).map { schema.types($0) } ?? [])
    }

    private func value(_ text: String, _ key: String, types: [String]) throws -> JSONValue {
        let parsed = try? JSONValue(parsing: text)
        for type in types where type != "string" {
            if let parsed, Self.fits(parsed, type) { return parsed }
        }
        if types.isEmpty || types.contains("string") { return .string(text) }
        let wanted = types.map(Self.article).joined(separator: " or ")
        let hint = types == ["array"] || types == ["object"] ? ", written as JSON" : ""
        throw ValidationError("\(key) must be \(wanted)\(hint); \"\(text)\" is not.")
    }

    private static func fits(_ value: JSONValue, _ type: String) -> Bool {
        switch (value, type) {
        case (.number, "number"): true
        // `3.0` is an integer to JSON Schema.
        case (.number(let text), "integer"): Int(text) != nil || isWhole(text)
        case (.bool, "boolean"), (.array, "array"), (.object, "object"), (.null, "null"): true
        default: false
        }
    }

    private static func isWhole(_ number: String) -> Bool {
        if number.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || $0 &- 0x30 < 10 }) { return true }
        return Double(number).map { $0 == $0.rounded() && $0.isFinite } ?? false
    }

    private static func article(_ type: String) -> String {
        switch type {
        case "integer", "array", "object": "an \(type)"
        case "boolean": "true or false"
        case "null": "null"
        default: "a \(type)"
        }
    }
}
