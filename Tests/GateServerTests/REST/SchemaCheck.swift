import GateProtocol

/// The part of JSON Schema that the gateway's own document uses, to hold real answers against it.
enum SchemaCheck {
    /// What in a value does not follow a schema, with its place.
    static func faults(of value: JSONValue, against schema: JSONValue, at place: String = "$") -> [String] {
        var faults: [String] = []
        if let type = schema["type"]?.stringValue, !matches(value, type) {
            return ["\(place): \(value.text.prefix(80)) is no \(type)"]
        }
        if let allowed = schema["enum"]?.arrayValue, !allowed.contains(value) {
            faults.append("\(place): \(value.text.prefix(80)) is none of the values")
        }
        for name in schema["required"]?.arrayValue ?? [] {
            guard let name = name.stringValue, value[name] == nil else { continue }
            faults.append("\(place): \(name) is missing")
        }
        let properties = schema["properties"]?.objectValue
        for member in value.objectValue?.members ?? [] {
            guard let properties else { break }
            if let known = properties[member.key] {
                faults += self.faults(of: member.value, against: known, at: "\(place).\(member.key)")
            } else {
                faults.append("\(place): \(member.key) is not declared")
            }
        }
        if let items = schema["items"] {
            for (index, element) in (value.arrayValue ?? []).enumerated() {
                faults += self.faults(of: element, against: items, at: "\(place)[\(index)]")
            }
        }
        return faults
    }

    private static func matches(_ value: JSONValue, _ type: String) -> Bool {
        switch (value, type) {
        case (.null, "null"), (.bool, "boolean"), (.string, "string"), (.array, "array"), (.object, "object"),
            (.number, "number"):
            true
        case (.number, "integer"): value.intValue != nil
        default: false
        }
    }
}
