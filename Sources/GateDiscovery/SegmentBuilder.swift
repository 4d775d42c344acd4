/// Turns the texts of a server and its tools into a segment.
struct SegmentBuilder {
    struct Parts {
        var server = ""
        var title: String?
        var description: String?
        var tools: [Segment.Entry] = []
        var terms: [UInt64] = []
        var starts: [UInt32] = [0]
        var postings: [Segment.Posting] = []
        var serverTerms: [UInt64] = []
        var serverWeights: [Float] = []
        var names: [Segment.NameKey] = []
        var nameWords: [Segment.NameWord] = []
        var vectors: [Int8] = []
        var vectorScales: [Float] = []
        var serverVector = PackedVector([])
    }

    private struct Occurrence {
        var term: UInt64
        var tool: UInt32
        var fields: UInt8
        var weight: Float
    }

    /// Texts beyond these many words or bytes add nothing a search needs.
    private static let mostWords = 400
    private static let mostMeaningBytes = 1200

    private let ranking: Ranking
    private var parts = Parts()
    private var occurrences: [Occurrence] = []
    private var seenNameWords: Set<UInt64> = []
    /// Terms are asked for again and again while a catalog is indexed.
    private var termsOfWords: [[UInt8]: UInt64] = [:]

    static func build(
        server: String, title: String?, description: String?, tools: [DiscoveryTool], ranking: Ranking
    ) -> Segment {
        var builder = SegmentBuilder(ranking: ranking)
        builder.addServer(server, title: title, description: description)
        for tool in tools { builder.add(tool) }
        return builder.finish()
    }

    private init(ranking: Ranking) { self.ranking = ranking }

    private mutating func addServer(_ server: String, title: String?, description: String?) {
        parts.server = server
        parts.title = title
        parts.description = description
        var terms: [UInt64: (UInt8, Float)] = [:]
        count(names: server, ranking.server, .server, into: &terms)
        count(title ?? "", ranking.serverTitle, .server, into: &terms)
        count(description ?? "", ranking.serverDescription, .server, into: &terms)
        for (term, entry) in terms.sorted(by: { $0.key < $1.key }) {
            parts.serverTerms.append(term)
            parts.serverWeights.append(entry.1)
        }
        let text = Self.spaced(server) + " " + (title ?? "") + ". " + (description ?? "")
        parts.serverVector = PackedVector(WordVectors.shared.vector(of: Self.prefix(text)))
    }

    private mutating func add(_ tool: DiscoveryTool) {
        let number = UInt32(parts.tools.count)
        parts.tools.append(Segment.Entry(name: tool.name, exposedName: tool.exposedName))
        var terms: [UInt64: (UInt8, Float)] = [:]
        count(names: tool.name, ranking.name, .name, into: &terms)
        count(tool.title ?? "", ranking.title, .title, into: &terms)
        count(tool.description, ranking.description, .description, into: &terms)
        count(tool.parameters.map(\.name).joined(separator: " "), ranking.parameterNames, .parameters, into: &terms)
        count(
            tool.parameters.map(\.description).joined(separator: " "), ranking.parameterTexts, .parameters, into: &terms
        )
        for (term, entry) in terms {
            occurrences.append(Occurrence(term: term, tool: number, fields: entry.0, weight: entry.1))
        }
        addKey(tool.name.utf8, number, .tool)
        addKey(tool.exposedName.utf8, number, .exposed)
        addKey(Array("\(parts.server)/\(tool.name)".utf8), number, .full)
        let text = "\(Self.spaced(parts.server)): \(Self.spaced(tool.name)). \(tool.description)"
        var vector = WordVectors.shared.vector(of: Self.prefix(text))
        if ranking.nameMeaning > 0 {
            let name = WordVectors.shared.vector(of: Self.prefix("\(Self.spaced(tool.name)) \(tool.title ?? "")"))
            for index in vector.indices { vector[index] += ranking.nameMeaning * name[index] }
            vector = WordVectors.normalized(vector)
        }
        let packed = PackedVector(vector)
        parts.vectors.append(contentsOf: packed.components)
        parts.vectorScales.append(packed.scale)
    }

    private mutating func addKey(_ name: some Sequence<UInt8>, _ tool: UInt32, _ kind: Segment.NameKind) {
        parts.names.append(Segment.NameKey(key: Terms.name(name), tool: tool, kind: kind))
    }

    private mutating func count(
        names text: String, _ weights: Ranking.Field, _ field: Field, into terms: inout [UInt64: (UInt8, Float)]
    ) {
        let words = Words.split(text, limit: Self.mostWords)
        count(words, weights, field, into: &terms)
        for word in words where seenNameWords.insert(Hashing.hash(word)).inserted {
            parts.nameWords.append(Segment.NameWord(word: word, letters: Misspelling.letters(of: word)))
        }
        // `file_system` and `filesystem` are one name to people.
        for (first, second) in zip(words, words.dropFirst()) where words.count <= 8 {
            terms[term(first + second), default: (0, 0)].1 += weights.weight * ranking.joined
            terms[term(first + second), default: (0, 0)].0 |= field.rawValue
        }
    }

    private mutating func count(
        _ text: String, _ weights: Ranking.Field, _ field: Field, into terms: inout [UInt64: (UInt8, Float)]
    ) {
        guard !text.isEmpty else { return }
        count(Words.split(text, limit: Self.mostWords), weights, field, into: &terms)
    }

    private mutating func count(
        _ words: [[UInt8]], _ weights: Ranking.Field, _ field: Field, into terms: inout [UInt64: (UInt8, Float)]
    ) {
        let kept = words.filter { !Terms.isStopWord($0) }
        let length = Float(kept.count) / weights.length
        let one = weights.weight / (1 - ranking.lengthPenalty + ranking.lengthPenalty * length)
        for word in kept {
            let term = term(word)
            terms[term, default: (0, 0)].1 += one
            terms[term, default: (0, 0)].0 |= field.rawValue
        }
    }

    private mutating func term(_ word: [UInt8]) -> UInt64 {
        if let known = termsOfWords[word] { return known }
        let term = Terms.term(word)
        termsOfWords[word] = term
        return term
    }

    private mutating func finish() -> Segment {
        occurrences.sort { ($0.term, $0.tool) < ($1.term, $1.tool) }
        for occurrence in occurrences {
            if parts.terms.last != occurrence.term {
                if !parts.terms.isEmpty { parts.starts.append(UInt32(parts.postings.count)) }
                parts.terms.append(occurrence.term)
            }
            parts.postings.append(
                Segment.Posting(tool: occurrence.tool, fields: occurrence.fields, weight: occurrence.weight))
        }
        parts.starts.append(UInt32(parts.postings.count))
        parts.names.sort { ($0.key, $0.tool, $0.kind.rawValue) < ($1.key, $1.tool, $1.kind.rawValue) }
        return Segment(parts)
    }

    /// The words of an identifier, with blanks between them.
    private static func spaced(_ name: String) -> String {
        var text = ""
        var previousIsLower = false
        for scalar in name.unicodeScalars {
            let isSign = scalar == "_" || scalar == "-" || scalar == "." || scalar == "/"
            if isSign {
                text.append(" ")
            } else {
                if previousIsLower, scalar.properties.isUppercase { text.append(" ") }
                text.unicodeScalars.append(scalar)
            }
            previousIsLower = scalar.properties.isLowercase || (scalar.value >= 0x30 && scalar.value <= 0x39)
        }
        return text
    }

    private static func prefix(_ text: String) -> String {
        text.utf8.count <= mostMeaningBytes ? text : String(text.unicodeScalars.prefix(mostMeaningBytes))
    }
}
