import GateProtocol

/// What a tool's input schema says about its arguments, as far as one needs it to read `key=value`.
struct ToolSchema: Sendable {
    let schema: JSONValue

    init(_ schema: JSONValue) { self.schema = schema }

    /// The input schema in an answer of `GET /schema/{server}/{tool}`.
    init(answer: JSONValue) {
        let wrapped = ["parameters", "inputSchema", "input_schema", "schema"].lazy.compactMap { answer[$0] }
        schema = wrapped.first { $0.objectValue != nil } ?? answer
    }

    /// Top-level arguments in the schema's order.
    var properties: [(name: String, schema: JSONValue)] {
        (schema["properties"]?.objectValue?.members ?? []).map { ($0.key, $0.value) }
    }

    var required: [String] { schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? [] }

    func property(_ name: String) -> JSONValue? { schema["properties"]?[name] }

    /// The JSON types that a schema allows; empty when it says nothing about it.
    func types(_ schema: JSONValue, depth: Int = 0) -> [String] {
        // References and unions may be nested, and may go in circles.
        guard depth < 8 else { return [] }
        if let name = schema["type"]?.stringValue { return [name] }
        if let names = schema["type"]?.arrayValue { return names.compactMap(\.stringValue) }
        if let path = schema["$ref"]?.stringValue { return resolve(path).map { types($0, depth: depth + 1) } ?? [] }
        if let value = schema["const"] { return [value.typeName] }
        if let values = schema["enum"]?.arrayValue { return unique(values.map(\.typeName)) }
        for key in ["anyOf", "oneOf", "allOf"] {
            guard let parts = schema[key]?.arrayValue else { continue }
            let all = parts.map { types($0, depth: depth + 1) }
            // A part that allows everything makes the whole union allow it.
            if key != "allOf", all.contains(where: \.isEmpty) { return [] }
            return unique(all.flatMap { $0 })
        }
        return []
    }

    /// The schema of an array's elements.
    func items(_ schema: JSONValue, depth: Int = 0) -> JSONValue? {
        guard depth < 8 else { return nil }
        if let items = schema["items"] { return items }
        if let path = schema["$ref"]?.stringValue { return resolve(path).flatMap { items($0, depth: depth + 1) } }
        for key in ["anyOf", "oneOf", "allOf"] {
            for part in schema[key]?.arrayValue ?? [] {
                if let found = items(part, depth: depth + 1) { return found }
            }
        }
        return nil
    }

    private func resolve(_ path: String) -> JSONValue? {
        guard path.hasPrefix("#/") else { return nil }
        var value = schema
        for part in path.dropFirst(2).split(separator: "/") {
            guard let next = value[String(part)] else { return nil }
            value = next
        }
        return value
    }

    private func unique(_ names: [String]) -> [String] {
        names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}

extension JSONValue {
    /// The value's type in the words of JSON Schema.
    var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .number: intValue == nil ? "number" : "integer"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
