import GateProtocol

/// A tool's arguments as a model can fill them in: each name with its type, whether it is required, and what it is for.
enum ArgumentHints {
    private static let maxText = 160

    static func object(_ schema: JSONValue?) -> JSONValue {
        guard let properties = schema?["properties"]?.objectValue else { return .object(JSONObject()) }
        let required = schema?["required"]?.arrayValue?.compactMap(\.stringValue) ?? []
        return .object(
            JSONObject(
                properties.members.map { member in
                    let isRequired = required.contains { $0.utf8.elementsEqual(member.key.utf8) }
                    return (member.key, .string(hint(member.value, isRequired: isRequired)))
                }))
    }

    private static func hint(_ schema: JSONValue, isRequired: Bool) -> String {
        var text = "<\(type(schema))\(isRequired ? ", required" : "")>"
        if let values = schema["enum"]?.arrayValue, !values.isEmpty {
            text +=
                " one of " + values.prefix(12).map(\.text).joined(separator: ", ") + (values.count > 12 ? ", …" : "")
        }
        if let description = schema["description"]?.stringValue, !description.isEmpty {
            text += " " + (description.count > maxText ? description.prefix(maxText) + "…" : description)
        }
        return text
    }

    private static func type(_ schema: JSONValue) -> String {
        if let name = schema["type"]?.stringValue {
            guard name == "array", let items = schema["items"]?["type"]?.stringValue else { return name }
            return "array of \(items)"
        }
        let choices = schema["anyOf"]?.arrayValue ?? schema["oneOf"]?.arrayValue ?? []
        let names = choices.compactMap { $0["type"]?.stringValue }.filter { $0 != "null" }
        return names.isEmpty ? "any" : names.joined(separator: " or ")
    }
}
