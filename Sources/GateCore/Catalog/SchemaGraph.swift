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
        /// Where it lies in its parent: the keyword, and the name or index below it.
        let keyword: String
        let name: String?
        var reference = Reference.none
        var cut: Cut?
        /// Whether it holds schemas that lie too deep.
        var isTruncated = false
    }

    private struct Place: Hashable {
        let parent: Int
        let keyword: ExactText
        let name: ExactText?
    }

    /// In the order of the document: a schema is followed by all that it holds.
    private(set) var nodes: [Node] = []
    /// How many schemas each one holds, itself included.
    private(set) var sizes: [Int] = []
    /// Deepest nesting found, 1 for a lone schema. Above ``maxDepth`` the schema was not followed to its end.
    private(set) var depth = 0
    /// Whether there are more than ``maxCount`` schemas.
    private(set) var isTooLarge = false

    /// - Parameter followsReferences: false when only depth and number are of interest.
    init(_ schema: JSONValue, followsReferences: Bool = true) {
        add(schema, parent: -1, keyword: "", name: nil, depth: 1)
        sizes = Array(repeating: 1, count: nodes.count)
        for index in nodes.indices.reversed() where nodes[index].parent >= 0 {
            sizes[nodes[index].parent] += sizes[index]
        }
        if followsReferences { resolveReferences() }
    }

    @discardableResult
    private mutating func add(
        _ value: JSONValue, parent: Int, keyword: String, name: String?, depth: Int
    ) -> Int? {
        self.depth = max(self.depth, depth)
        guard depth <= Self.maxDepth else { return nil }
        guard nodes.count < Self.maxCount else {
            isTooLarge = true
            return nil
        }
        let index = nodes.count
        nodes.append(Node(value: value, parent: parent, keyword: keyword, name: name))
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
        if add(value, parent: parent, keyword: keyword, name: name, depth: depth + 1) == nil {
            nodes[parent].isTruncated = true
        }
    }

    mutating func setCut(_ cut: Cut, at index: Int) {
        nodes[index].cut = cut
    }

    private mutating func resolveReferences() {
        let referring = nodes.indices.filter { nodes[$0].value["$ref"] != nil }
        guard !referring.isEmpty else { return }
        var places: [Place: Int] = [:]
        places.reserveCapacity(nodes.count)
        for (index, node) in nodes.enumerated() {
            let name = node.name.map { ExactText($0) }
            places[Place(parent: node.parent, keyword: ExactText(node.keyword), name: name)] = index
        }
        for index in referring {
            guard let reference = nodes[index].value["$ref"] else { continue }
            nodes[index].reference = Self.resolve(reference, places)
        }
    }

    private static func resolve(_ reference: JSONValue, _ places: [Place: Int]) -> Reference {
        guard case .string(let text) = reference else { return .broken }
        guard let segments = SchemaPointer.segments(text) else {
            return text.utf8.first == UInt8(ascii: "#") ? .broken : .foreign
        }
        var at = root
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
