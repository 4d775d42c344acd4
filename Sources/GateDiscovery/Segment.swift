/// The index of one server's tools. Never changes once built, so queries share it without a lock.
final class Segment: Sendable {
    /// A tool that has a term, and how much the term counts in it.
    struct Posting {
        var tool: UInt32
        var fields: UInt8
        var weight: Float
    }

    /// What an answer says of a tool.
    struct Entry {
        var name: String
        var exposedName: String
    }

    let server: String
    let title: String?
    let description: String?
    let tools: [Entry]

    /// Sorted; the postings of `terms[i]` are `postings[starts[i]..<starts[i + 1]]`, by tool.
    let terms: [UInt64]
    let starts: [UInt32]
    private let heads: [UInt32]
    private let headShift: UInt64
    let postings: [Posting]
    /// Terms of the server's own name and texts, sorted; they count for all its tools.
    let serverTerms: [UInt64]
    let serverWeights: [Float]
    /// Whole names, sorted by key.
    let names: [NameKey]
    /// Over terms, server terms and name keys.
    let filter: [UInt64]
    /// Distinct words of names, for misspelt queries.
    let nameWords: [NameWord]

    /// One row of `WordVectors.dimension` for each tool.
    let vectors: [Int8]
    let vectorScales: [Float]
    let serverVector: PackedVector

    struct NameKey {
        var key: UInt64
        var tool: UInt32
        var kind: NameKind
    }

    enum NameKind: UInt8, Comparable {
        case tool, exposed, full

        static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    struct NameWord {
        var word: [UInt8]
        var letters: UInt32
    }

    init(_ built: SegmentBuilder.Parts) {
        server = built.server
        title = built.title
        description = built.description
        tools = built.tools
        terms = built.terms
        starts = built.starts
        let bits = UInt64(max(1, Int.bitWidth - (built.terms.count / 2).leadingZeroBitCount))
        headShift = 64 - bits
        heads = Self.heads(built.terms, shift: 64 - bits)
        postings = built.postings
        serverTerms = built.serverTerms
        serverWeights = built.serverWeights
        names = built.names
        nameWords = built.nameWords
        filter = TermFilter.build([built.terms, built.serverTerms, built.names.map(\.key)].joined())
        vectors = built.vectors
        vectorScales = built.vectorScales
        serverVector = built.serverVector
    }

    /// The postings of a term.
    func range(of term: UInt64) -> Range<Int> {
        // Terms are hashes, so their leading bits say almost exactly where they stand.
        let bucket = Int(truncatingIfNeeded: term >> headShift)
        var index = Int(heads[bucket])
        let end = Int(heads[bucket + 1])
        while index < end {
            if terms[index] == term { return Int(starts[index])..<Int(starts[index + 1]) }
            index += 1
        }
        return 0..<0
    }

    /// How much a term counts for every tool of the server.
    func serverWeight(of term: UInt64) -> Float {
        serverTerms.firstIndex(of: term).map { serverWeights[$0] } ?? 0
    }

    /// For each value of the leading bits, the first term that has them, and one more for the end.
    private static func heads(_ terms: [UInt64], shift: UInt64) -> [UInt32] {
        var heads = [UInt32](repeating: UInt32(terms.count), count: Int(truncatingIfNeeded: UInt64.max >> shift) + 2)
        for (index, term) in terms.enumerated().reversed() {
            heads[Int(truncatingIfNeeded: term >> shift)] = UInt32(index)
        }
        for bucket in heads.indices.dropLast().reversed() where heads[bucket] > heads[bucket + 1] {
            heads[bucket] = heads[bucket + 1]
        }
        return heads
    }
}
