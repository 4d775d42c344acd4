import GateProtocol

/// The schemas within a schema, numbered, with the references between them. Depth and number are bounded; a schema
/// that holds anything beyond becomes `{}`.
struct SchemaGraph {
    /// Schemas within schemas that are followed, also through references.
    static let maxDepth = 32
    static let maxCount = 10_000
    static let root = 0

    enum Reference { case none, foreign, broken, local(Int) }
    enum Cut { case recursion, expansion }

    struct Node {
        let value: JSONValue
        let parent: Int
        var reference = Reference.none
        var cut: Cut?
        /// Whether it holds schemas that lie too deep.
        var isTruncated = false
    }

    struct Place: Hashable {
        let parent: Int
        let keyword: ExactText
        /// The name or index below the keyword; nil when the schema is the keyword's value.
        let name: ExactText?
    }

    /// Parents come before their children.
    private(set) var nodes: [Node] = []
    private(set) var places: [Place: Int] = [:]
    /// How many schemas each one holds, itself included.
    private(set) var sizes: [Int] = []
    /// Deepest nesting found, 1 for a lone schema. Above ``maxDepth`` the schema was not followed to its end.
    private(set) var depth = 0
    /// Whether there are more than ``maxCount`` schemas.
    private(set) var isTooLarge = false

    init(_ schema: JSONValue) {
        add(schema, parent: -1, depth: 1)
        sizes = Array(repeating: 1, count: nodes.count)
        for index in nodes.indices.reversed() where nodes[index].parent >= 0 {
            sizes[nodes[index].parent] += sizes[index]
        }
        for index in nodes.indices {
            guard case .object(let object) = nodes[index].value, let reference = object["$ref"] else { continue }
            nodes[index].reference = resolve(reference)
        }
    }

    @discardableResult
    private mutating func add(_ value: JSONValue, parent: Int, depth: Int) -> Int? {
        self.depth = max(self.depth, depth)
        guard depth <= Self.maxDepth else { return nil }
        guard nodes.count < Self.maxCount else {
            isTooLarge = true
            return nil
        }
        let index = nodes.count
        nodes.append(Node(value: value, parent: parent))
        guard case .object(let object) = value else { return index }
        for member in object.members {
            switch (SchemaKeyword.shape(member.key), member.value) {
            case (nil, _), (.schemaOrBool, .bool): break
            case (.schema, let value), (.schemaOrBool, let value): place(value, index, member.key, nil, depth)
            case (.list, .array(let elements)), (.schemaOrList, .array(let elements)):
                for (position, element) in elements.enumerated() {
                    place(element, index, member.key, String(position), depth)
                    if isTooLarge { return index }
                }
            case (.schemaOrList, let value): place(value, index, member.key, nil, depth)
            case (.map, .object(let entries)), (.mapOrNames, .object(let entries)):
                for entry in entries.members {
                    if SchemaKeyword.shape(member.key) == .mapOrNames, case .array = entry.value { continue }
                    place(entry.value, index, member.key, entry.key, depth)
                    if isTooLarge { return index }
                }
            case (.list, _), (.map, _), (.mapOrNames, _): break
            }
        }
        return index
    }

    private mutating func place(_ value: JSONValue, _ parent: Int, _ keyword: String, _ name: String?, _ depth: Int) {
        guard let child = add(value, parent: parent, depth: depth + 1) else {
            nodes[parent].isTruncated = true
            return
        }
        places[Place(parent: parent, keyword: ExactText(keyword), name: name.map { ExactText($0) })] = child
    }

    mutating func setCut(_ cut: Cut, at index: Int) {
        nodes[index].cut = cut
    }

    private func resolve(_ reference: JSONValue) -> Reference {
        guard case .string(let text) = reference else { return .broken }
        guard let segments = SchemaPointer.segments(text) else {
            return text.utf8.first == UInt8(ascii: "#") ? .broken : .foreign
        }
        var at = Self.root
        var rest = segments[...]
        while let keyword = rest.popFirst() {
            if let child = places[Place(parent: at, keyword: ExactText(keyword), name: nil)] {
                at = child
            } else if let name = rest.popFirst(),
                let child = places[Place(parent: at, keyword: ExactText(keyword), name: ExactText(name))]
            {
                at = child
            } else {
                return .broken
            }
        }
        return .local(at)
    }
}
