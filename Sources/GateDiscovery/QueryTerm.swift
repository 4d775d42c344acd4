/// One term to look up, and what it stands for.
struct QueryTerm {
    var term: UInt64
    /// How much it counts beside the others, before its rarity.
    var weight: Float
    /// As the asker wrote it (folded), for the reasons of a hit.
    var word: [UInt8]
    /// The misspelt word it stands for.
    var misspelt: [UInt8]?
    var origin: Origin

    enum Origin {
        /// A word of the query: its absence counts against a tool.
        case own
        case synonym
        /// Two words of the query written as one.
        case joined
    }

    var isOwn: Bool { origin == .own }
}

/// What a query asks for: the whole text and, when it names several needs, each of them.
struct Need {
    var terms: [QueryTerm]
    var vector: PackedVector
}
