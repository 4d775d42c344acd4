import GateProtocol

/// Writes the repaired form of a ``SchemaGraph`` and notes what it changed. Recursion is bounded by the graph's depth.
struct SchemaWriter {
    let graph: SchemaGraph
    let role: PortableSchema.Role
    var repairs: Set<PortableSchema.Repair>
    /// The next schema in the order of the document, which is the order of writing.
    private var next = SchemaGraph.root

    init(graph: SchemaGraph, role: PortableSchema.Role, repairs: Set<PortableSchema.Repair>) {
        self.graph = graph
        self.role = role
        self.repairs = repairs
    }

    private typealias Pair = (key: String, value: JSONValue)

    static let emptySchema = JSONValue.object(JSONObject())
    private static let types: Set<String> = ["null", "boolean", "object", "array", "number", "string", "integer"]

    mutating func write() -> JSONValue {
        let index = next
        guard index < graph.nodes.count else { return replaced(.expansion) }
        next += 1
        defer { next = index + graph.sizes[index] }
        let node = graph.nodes[index]
        if node.isTruncated { return replaced(.expansion) }
        switch node.value {
        case .object(let object): return .object(write(object, index))
        case .bool where role == .output: return node.value
        case .bool: return replaced(.booleanSchema)
        default: return role == .output ? node.value : replaced(.notASchema)
        }
    }

    private mutating func replaced(_ repair: PortableSchema.Repair) -> JSONValue {
        repairs.insert(repair)
        return Self.emptySchema
    }

    private mutating func write(_ object: JSONObject, _ index: Int) -> JSONObject {
        JSONObject(object.members.compactMap { write(($0.key, $0.value), of: object, index) })
    }

    private mutating func write(
        _ member: Pair, of object: JSONObject, _ index: Int
    ) -> Pair? {
        let key = ExactText(member.key)
        if let shape = SchemaKeyword.shape(member.key) {
            return write(member.value, shape, key).map { (member.key, $0) }
        }
        switch key {
        case "$ref": return reference(member, index)
        case "$dynamicRef", "$recursiveRef": return dropped(.foreignReference)
        default: return role == .output ? member : plain(member, key, of: object)
        }
    }

    private mutating func dropped(_ repair: PortableSchema.Repair) -> Pair? {
        repairs.insert(repair)
        return nil
    }

    private mutating func reference(_ member: Pair, _ index: Int) -> Pair? {
        switch (graph.nodes[index].reference, graph.nodes[index].cut) {
        case (.foreign, _): dropped(.foreignReference)
        case (.broken, _), (.none, _): dropped(.brokenReference)
        case (.local, nil): member
        case (.local, .recursion?): role == .output ? member : dropped(.recursion)
        case (.local, .expansion?): dropped(.expansion)
        }
    }

    // MARK: Keywords that hold schemas

    private mutating func write(
        _ value: JSONValue, _ shape: SchemaKeyword.Shape, _ key: ExactText
    ) -> JSONValue? {
        switch (shape, value) {
        case (.schemaOrBool, .bool):
            return value
        case (.list, .array(let elements)), (.schemaOrList, .array(let elements)):
            if elements.isEmpty, shape == .list, role == .input { return malformed() }
            var out: [JSONValue] = []
            out.reserveCapacity(elements.count)
            for _ in elements { out.append(write()) }
            return .array(out)
        case (.map, .object(let entries)), (.mapOrNames, .object(let entries)):
            return .object(write(entries, key))
        case (.list, _), (.map, _), (.mapOrNames, _):
            return role == .output ? value : malformed()
        case (.schema, _), (.schemaOrBool, _), (.schemaOrList, _):
            return write()
        }
    }

    private mutating func malformed() -> JSONValue? {
        repairs.insert(.malformedKeyword)
        return nil
    }

    private mutating func write(_ entries: JSONObject, _ key: ExactText) -> JSONObject {
        var out: [(String, JSONValue)] = []
        out.reserveCapacity(entries.members.count)
        for entry in entries.members {
            if key == "patternProperties", role == .input, !PatternSyntax.isPortable(entry.key) {
                repairs.insert(.pattern)
                _ = write()
                continue
            }
            if key == "dependencies", case .array = entry.value {
                out.append((entry.key, entry.value))
            } else {
                out.append((entry.key, write()))
            }
        }
        return JSONObject(out)
    }

    // MARK: Other keywords

    private mutating func plain(
        _ member: Pair, _ key: ExactText, of object: JSONObject
    ) -> Pair? {
        switch key {
        case "type":
            return type(member, of: object)
        case "pattern":
            guard case .string(let text) = member.value else { return dropped(.malformedKeyword) }
            return PatternSyntax.isPortable(text) ? member : dropped(.pattern)
        case "required":
            let names = member.value.arrayValue
            return names?.allSatisfy { $0.stringValue != nil } == true ? member : dropped(.malformedKeyword)
        case "enum":
            return member.value.arrayValue == nil ? dropped(.malformedKeyword) : member
        case "minimum", "maximum":
            let exclusive = key == "minimum" ? "exclusiveMinimum" : "exclusiveMaximum"
            // Draft 4: the limit is written under the other name, which says `true` here.
            return object[exclusive]?.boolValue == true ? dropped(.exclusiveLimit) : member
        case "exclusiveMinimum", "exclusiveMaximum":
            return exclusiveLimit(member, of: object)
        default:
            return member
        }
    }

    private mutating func exclusiveLimit(
        _ member: Pair, of object: JSONObject
    ) -> Pair? {
        guard case .bool(let isExclusive) = member.value else { return member }
        repairs.insert(.exclusiveLimit)
        let limit = object[member.key.utf8.elementsEqual("exclusiveMinimum".utf8) ? "minimum" : "maximum"]
        guard isExclusive, let limit, case .number = limit else { return nil }
        return (member.key, limit)
    }

    private mutating func type(_ member: Pair, of object: JSONObject) -> Pair? {
        switch member.value {
        case .string(let name):
            return Self.types.contains(name) ? member : dropped(.unknownType)
        case .array(let elements):
            repairs.insert(.typeList)
            var names: [String] = []
            for element in elements.prefix(64) {
                guard let name = element.stringValue, Self.types.contains(name), !names.contains(name) else { continue }
                names.append(name)
            }
            return typeList(names, of: object)
        default:
            return dropped(.unknownType)
        }
    }

    /// Several types become `anyOf`. Where an array or object may also be null, the null is dropped instead: its
    /// items and properties are found beside `type`, not within `anyOf`.
    private func typeList(_ names: [String], of object: JSONObject) -> Pair? {
        let present = names.filter { $0 != "null" }
        if names.count == 1 || (present.count == 1 && (object["anyOf"] != nil || isContainer(present[0]))) {
            return ("type", .string(present.first ?? "null"))
        }
        guard !names.isEmpty, object["anyOf"] == nil else { return nil }
        return ("anyOf", .array(names.map { ["type": .string($0)] }))
    }

    private func isContainer(_ name: String) -> Bool {
        name == "array" || name == "object"
    }
}
