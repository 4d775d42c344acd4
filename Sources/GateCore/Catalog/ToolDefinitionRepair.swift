import GateProtocol

/// The work of ``ToolDefinitionCheck``: goes through the members of one tool definition.
struct ToolDefinitionRepair {
    struct Reason: Error {
        let text: String
    }

    let limits: ToolDefinitionCheck.Limits
    private(set) var reasons: [String] = []

    init(limits: ToolDefinitionCheck.Limits) {
        self.limits = limits
    }

    mutating func run(_ tool: JSONValue) -> Result<JSONObject, Reason> {
        Result { () throws(Reason) in try repaired(tool) }
    }

    private mutating func repaired(_ tool: JSONValue) throws(Reason) -> JSONObject {
        guard case .object(var object) = tool else { throw Reason(text: "the definition is not an object") }
        guard let name = object["name"]?.stringValue, !name.isEmpty else {
            throw Reason(text: "it has no name")
        }
        guard name.utf8.count <= limits.name else {
            throw Reason(text: "its name has \(name.utf8.count) bytes, at most \(limits.name) are allowed")
        }
        removeNulls(&object, of: nil)
        expect("title", in: &object) { $0.stringValue != nil }
        expect("description", in: &object) { $0.stringValue != nil }
        expect("annotations", in: &object) { $0.objectValue != nil }
        expect("icons", in: &object) { $0.arrayValue != nil }
        expect("_meta", in: &object) { $0.objectValue != nil }
        expect("execution", in: &object) { $0.objectValue != nil }
        cutDescription(&object)
        repairAnnotations(&object)
        try repairInput(&object)
        repairOutput(&object)
        return object
    }

    /// Optional members written as null make strict clients refuse the whole list.
    private mutating func removeNulls(_ object: inout JSONObject, of owner: String?) {
        for key in object.members.filter(\.value.isNull).map(\.key) where !key.sameBytes(as: "inputSchema") {
            reasons.append("removed \(owner.map { $0 + "." } ?? "")\(key), which is null")
        }
        object.members.removeAll { $0.value.isNull && !$0.key.sameBytes(as: "inputSchema") }
    }

    private mutating func expect(_ key: String, in object: inout JSONObject, _ isRight: (JSONValue) -> Bool) {
        guard let value = object[key], !isRight(value) else { return }
        object[key] = nil
        reasons.append("removed \(key), which is of the wrong kind")
    }

    private mutating func cutDescription(_ object: inout JSONObject) {
        guard let text = object["description"]?.stringValue, text.utf8.count > limits.description else { return }
        var end = text.utf8.index(text.startIndex, offsetBy: limits.description)
        // Back to where a character begins: the text before it is whole.
        while end > text.startIndex, text.utf8[end] & 0xC0 == 0x80 { end = text.utf8.index(before: end) }
        object["description"] = .string(String(text[..<end]))
        reasons.append("cut the description from \(text.utf8.count) to \(limits.description) bytes")
    }

    private mutating func repairAnnotations(_ object: inout JSONObject) {
        guard case .object(var annotations)? = object["annotations"] else { return }
        let before = reasons.count
        removeNulls(&annotations, of: "annotations")
        expect("title", in: &annotations) { $0.stringValue != nil }
        for hint in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
            guard let value = annotations[hint], value.boolValue == nil else { continue }
            // 0 and 1 are what serializers make of booleans; anything else says nothing.
            switch value.intValue {
            case 0: annotations[hint] = false
            case 1: annotations[hint] = true
            default: annotations[hint] = nil
            }
            reasons.append("repaired annotations.\(hint), which is not a boolean")
        }
        if reasons.count > before { object["annotations"] = .object(annotations) }
    }

    private mutating func repairInput(_ object: inout JSONObject) throws(Reason) {
        guard let schema = object["inputSchema"], schema.objectValue != nil else {
            reasons.append(
                object["inputSchema"] == nil
                    ? "added the missing inputSchema" : "replaced an inputSchema that is no schema")
            object["inputSchema"] = PortableSchema.empty
            return
        }
        if let excess = excess(of: schema) { throw Reason(text: "its inputSchema \(excess)") }
        let (portable, repairs) = PortableSchema.rewrite(schema)
        guard !repairs.isEmpty else { return }
        object["inputSchema"] = portable
        reasons += repairs.map { "inputSchema: \($0)" }
    }

    private mutating func repairOutput(_ object: inout JSONObject) {
        guard let schema = object["outputSchema"] else { return }
        if schema.objectValue == nil {
            object["outputSchema"] = nil
            reasons.append("removed an outputSchema that is no schema")
        } else if let excess = excess(of: schema) {
            object["outputSchema"] = nil
            reasons.append("removed the outputSchema, which \(excess)")
        } else {
            let (safe, repairs) = PortableSchema.rewrite(schema, role: .output)
            guard !repairs.isEmpty else { return }
            object["outputSchema"] = safe
            reasons += repairs.map { "outputSchema: \($0)" }
        }
    }

    /// Which limit the schema breaks, if any. The size comes first, and counting stops where it is exceeded.
    private func excess(of schema: JSONValue) -> String? {
        if JSONSize.exceeds(limits.schema, schema) { return "has more than \(limits.schema) bytes" }
        let graph = SchemaGraph(schema, followsReferences: false)
        if graph.depth > SchemaGraph.maxDepth { return "is nested more than \(SchemaGraph.maxDepth) deep" }
        if graph.isTooLarge { return "has more than \(SchemaGraph.maxCount) subschemas" }
        return nil
    }
}
