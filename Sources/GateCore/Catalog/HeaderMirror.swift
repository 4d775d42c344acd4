package import GateProtocol

/// The arguments of a tool that HTTP repeats in header fields: properties of its input schema marked with `x-mcp-header`
/// (2026-07-28). A proxy on the way can then route by them without reading the body.
package struct HeaderMirror: Sendable, Hashable {
    package struct Item: Sendable, Hashable {
        /// The keys that lead to the argument.
        package let path: [String]
        /// The field's name: `Mcp-Param-` and what the schema says.
        package let header: String
    }

    /// Why a tool's marks break the rules; such a tool must not be offered.
    package struct Invalid: Error, Sendable, Hashable, CustomStringConvertible {
        package let description: String
    }

    package let items: [Item]

    private static let key = "x-mcp-header"
    private static let prefix = "Mcp-Param-"
    private static let kinds: Set<String> = ["string", "integer", "boolean"]

    /// Reads the marks of an input schema; its size and depth are known to be bounded.
    package init(inputSchema: JSONValue) throws(Invalid) {
        var items: [Item] = []
        var names: Set<String> = []
        try HeaderMirror.collect(inputSchema, [], &items, &names)
        guard HeaderMirror.marks(in: inputSchema) == items.count else {
            throw Invalid(description: "x-mcp-header stands where no argument can be named")
        }
        self.items = items
    }

    private static func collect(
        _ schema: JSONValue, _ path: [String], _ items: inout [Item], _ names: inout Set<String>
    ) throws(Invalid) {
        for member in schema["properties"]?.objectValue?.members ?? [] {
            let here = path + [member.key]
            if let mark = member.value[key] {
                guard let name = mark.stringValue, isToken(name) else {
                    throw Invalid(description: "x-mcp-header of '\(member.key)' is no header name")
                }
                guard let type = member.value["type"]?.stringValue, kinds.contains(type) else {
                    throw Invalid(
                        description: "x-mcp-header stands at '\(member.key)', which is no string, integer or boolean")
                }
                guard names.insert(name.lowercased()).inserted else {
                    throw Invalid(description: "x-mcp-header names '\(name)' twice")
                }
                items.append(Item(path: here, header: prefix + name))
            }
            try collect(member.value, here, &items, &names)
        }
    }

    /// How often the mark stands anywhere in the schema. A property that only has this name is none.
    private static func marks(in value: JSONValue, areNames: Bool = false) -> Int {
        switch value {
        case .array(let elements): elements.reduce(0) { $0 + marks(in: $1) }
        case .object(let object):
            object.members.reduce(0) { sum, member in
                if !areNames, member.key == key { return sum + 1 }
                return sum + marks(in: member.value, areNames: !areNames && member.key == "properties")
            }
        default: 0
        }
    }

    private static func isToken(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 100
            && name.utf8.allSatisfy { byte in
                byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
    }

    /// The fields of a call and what they say, before any encoding. An argument that is absent or null has no field.
    package func fields(of arguments: JSONValue) -> [(header: String, value: String)] {
        items.compactMap { item in value(item, in: arguments).map { (item.header, $0) } }
    }

    /// Whether a field that was received says what the argument says. Integers are compared as numbers.
    package func agrees(_ item: Item, received: String?, arguments: JSONValue) -> Bool {
        switch (received, value(item, in: arguments)) {
        case (nil, nil): true
        case (let received?, let expected?):
            received.sameBytes(as: expected) || Int(received).map { $0 == Int(expected) } ?? false
        default: false
        }
    }

    private func value(_ item: Item, in arguments: JSONValue) -> String? {
        var value: JSONValue? = arguments
        for key in item.path { value = value?[key] }
        return switch value {
        case .string(let text): text
        case .number(let text): text
        case .bool(let flag): flag ? "true" : "false"
        default: nil
        }
    }
}
