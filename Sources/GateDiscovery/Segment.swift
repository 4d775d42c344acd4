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
    let postings: [Posting]
    /// Terms of the server's own name and texts, sorted; they count for all its tools.
    let serverTerms: [UInt64]
    let serverWeights: [Float]
    /// Whole names, sorted by key.
    let names: [NameKey]
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
        postings = built.postings
        serverTerms = built.serverTerms
        serverWeights = built.serverWeights
        names = built.names
        nameWords = built.nameWords
        vectors = built.vectors
        vectorScales = built.vectorScales
        serverVector = built.serverVector
    }

    /// The postings of a term.
    func range(of term: UInt64) -> Range<Int> {
        guard let index = Self.find(term, in: terms) else { return 0..<0 }
        return Int(starts[index])..<Int(starts[index + 1])
    }

    /// How much a term counts for every tool of the server.
    func serverWeight(of term: UInt64) -> Float {
        Self.find(term, in: serverTerms).map { serverWeights[$0] } ?? 0
    }

    private static func find(_ term: UInt64, in terms: [UInt64]) -> Int? {
        terms.withUnsafeBufferPointer { terms in
            var low = 0
            var high = terms.count
            while low < high {
                let middle = (low &+ high) / 2
                if terms[middle] < term { low = middle &+ 1 } else { high = middle }
            }
            return low < terms.count && terms[low] == term ? low : nil
        }
    }
}
