/// One term to look up, and what it stands for.
struct QueryTerm {
    var term: UInt64
    /// How much it counts beside the others, before its rarity.
    var weight: Float
    /// As the asker wrote it (folded), for the reasons of a hit.
    var word: [UInt8]
    /// The misspelt word it stands for.
    var misspelt: [UInt8]?
    /// Whether its absence counts against a tool.
    var isOwn: Bool
}

/// What a query asks for: the whole text and, when it names several needs, each of them.
struct Need {
    var terms: [QueryTerm]
    var vector: PackedVector
}
