package import GateProtocol

/// Turns a tool's schema into a form that no client stumbles over. One unusual schema takes down the whole tool list
/// in some clients, not just its own tool.
///
/// Repairs only ever widen a schema: the gateway forwards arguments as they come and the backend checks them itself.
/// Nothing is fetched, ever. Cost grows with the size of the schema; what references could expand to does not matter.
package enum PortableSchema {
    /// What had to be changed.
    package enum Repair: String, Hashable, Sendable, CaseIterable, CustomStringConvertible {
        case notASchema = "replaced what is not a schema"
        case rootType = "set the root type to \"object\""
        case rootReference = "put the schema that the root refers to in its place"
        case properties = "added \"properties\""
        case recursion = "cut a recursive reference"
        case expansion = "cut references that expand to too much"
        case foreignReference = "removed a reference to another document"
        case brokenReference = "removed a reference that leads nowhere"
        case typeList = "rewrote a list of types"
        case unknownType = "removed a type that JSON Schema does not know"
        case booleanSchema = "replaced true or false in place of a schema"
        case pattern = "removed a pattern that is not valid everywhere"
        case exclusiveLimit = "rewrote an exclusive limit of draft 4"
        case malformedKeyword = "removed a keyword with a value of the wrong kind"

        package var description: String { rawValue }
    }

    /// What the schema describes. Results are checked against their schema by clients, so of an output schema only
    /// references are repaired.
    package enum Role: Hashable, Sendable {
        case input
        case output
    }

    /// The portable form and what was changed, each kind of repair once.
    ///
    /// Without repairs the value is the one that was handed in: use the original bytes then. A schema of more than
    /// 10,000 subschemas is replaced as a whole.
    package static func rewrite(_ schema: JSONValue, role: Role = .input) -> (schema: JSONValue, repairs: [Repair]) {
        var repairs: Set<Repair> = []
        let root = role == .input ? prepareRoot(schema, &repairs) : schema
        var graph = SchemaGraph(root)
        // More than anybody wrote by hand: not worth the work of cutting it down.
        guard !graph.isTooLarge else { return (role == .input ? empty : [:], [.expansion]) }
        graph.cutReferences()
        var writer = SchemaWriter(graph: graph, role: role, repairs: repairs)
        let portable = writer.write()
        guard !writer.repairs.isEmpty else { return (schema, []) }
        return (portable, Repair.allCases.filter(writer.repairs.contains))
    }

    /// The portable form of a missing schema.
    package static let empty: JSONValue = ["type": "object", "properties": [:]]

    // MARK: The root

    /// Makes the root an object schema with all the properties that it can be seen to have: many clients forward
    /// only arguments that are declared there.
    private static func prepareRoot(_ schema: JSONValue, _ repairs: inout Set<Repair>) -> JSONValue {
        guard case .object(var root) = schema else {
            repairs.insert(.notASchema)
            return empty
        }
        resolveRoot(&root, in: root, &repairs)
        if root["type"]?.stringValue != "object" {
            repairs.insert(.rootType)
            if root["type"] == nil {
                root = JSONObject([("type", "object")] + root.members.map { ($0.key, $0.value) })
            } else {
                root["type"] = "object"
            }
        }
        if root["properties"]?.objectValue == nil {
            repairs.insert(.properties)
            root["properties"] = .object(propertiesOfBranches(root))
        }
        return .object(root)
    }

    private static func resolveRoot(_ root: inout JSONObject, in document: JSONObject, _ repairs: inout Set<Repair>) {
        // A chain is followed a few steps; a longer one, or a circle, is left to the cutting of references.
        for _ in 0..<8 {
            guard root["properties"] == nil, let reference = root["$ref"]?.stringValue,
                reference != "#", let target = lookUp(reference, in: .object(document))?.objectValue
            else { return }
            repairs.insert(.rootReference)
            root["$ref"] = nil
            var known = Set(root.keys.map { ExactText($0) })
            for member in target.members where known.insert(ExactText(member.key)).inserted {
                root.members.append(member)
            }
        }
    }

    /// The properties of all branches of the root's `allOf`, `anyOf` and `oneOf`.
    private static func propertiesOfBranches(_ root: JSONObject) -> JSONObject {
        var found = JSONObject()
        var known: Set<ExactText> = []
        let branches = ["allOf", "anyOf", "oneOf"].flatMap { root[$0]?.arrayValue?.prefix(64) ?? [] }
        for branch in branches {
            let target = branch["$ref"]?.stringValue.flatMap { lookUp($0, in: .object(root)) } ?? branch
            for member in target["properties"]?.objectValue?.members ?? []
            where found.members.count < 1_000 && known.insert(ExactText(member.key)).inserted {
                found.members.append(member)
            }
        }
        return found
    }

    private static func lookUp(_ reference: String, in document: JSONValue) -> JSONValue? {
        guard let path = SchemaPointer.segments(reference) else { return nil }
        var value = document
        for segment in path.prefix(64) {
            switch value {
            case .object(let object):
                guard let next = object[segment] else { return nil }
                value = next
            case .array(let elements):
                guard let index = Int(segment), elements.indices.contains(index) else { return nil }
                value = elements[index]
            default: return nil
            }
        }
        return path.count <= 64 ? value : nil
    }
}
