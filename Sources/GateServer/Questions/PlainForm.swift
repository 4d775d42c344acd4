import GateProtocol
import NIOCore

/// A form as 2025-06-18 has it: one choice with titles is written with `enumNames`, and several choices do not exist.
enum PlainForm: Equatable {
    case unchanged
    case changed(ByteBuffer)
    case impossible

    /// - Parameter params: those of `elicitation/create`.
    static func params(_ params: JSONMembers) -> PlainForm {
        guard let field = params.find("requestedSchema"),
            let schema = try? JSONValue(parsing: Array(buffer: params.slice(field))),
            var properties = schema["properties"]?.objectValue
        else { return .unchanged }
        var isChanged = false
        for index in properties.members.indices {
            let property = properties.members[index].value
            if property["type"]?.stringValue?.utf8.elementsEqual("array".utf8) == true { return .impossible }
            if let plain = plain(property) {
                properties.members[index].value = plain
                isChanged = true
            }
        }
        guard isChanged, var members = schema.objectValue else { return .unchanged }
        members["properties"] = .object(properties)
        guard let others = JSONMembers(params.without(["requestedSchema"])) else { return .unchanged }
        return .changed(others.adding("requestedSchema", .object(members)))
    }

    /// `oneOf` of constants with titles as `enum` and `enumNames`; nil for all others.
    private static func plain(_ property: JSONValue) -> JSONValue? {
        guard var members = property.objectValue, let choices = property["oneOf"]?.arrayValue, !choices.isEmpty else {
            return nil
        }
        let values = choices.compactMap { $0["const"] }
        guard values.count == choices.count else { return nil }
        members["oneOf"] = nil
        members["enum"] = .array(values)
        members["enumNames"] = .array(choices.map { $0["title"] ?? $0["const"] ?? .null })
        return .object(members)
    }
}

/// Messages to a model as the revisions before 2025-11-25 have them: one content block each.
enum ContentSplit {
    /// - Parameter params: those of `sampling/createMessage`.
    /// - Returns: nil when nothing has to be changed.
    static func params(_ params: JSONMembers) -> ByteBuffer? {
        guard let field = params.find("messages"),
            let messages = (try? JSONValue(parsing: Array(buffer: params.slice(field))))?.arrayValue,
            messages.contains(where: { $0["content"]?.arrayValue != nil })
        else { return nil }
        let split = messages.flatMap { message -> [JSONValue] in
            guard let members = message.objectValue, let blocks = message["content"]?.arrayValue else {
                return [message]
            }
            return blocks.map { block in
                var single = members
                single["content"] = block
                return .object(single)
            }
        }
        return JSONMembers(params.without(["messages"]))?.adding("messages", .array(split))
    }
}
