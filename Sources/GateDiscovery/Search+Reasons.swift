extension Search {
    /// A candidate as the answer shows it.
    func hit(_ candidate: BestFirst.Candidate, _ needs: [Need]) -> DiscoveryHit {
        let segment = snapshot.segments[candidate.segment]
        let tool = candidate.tool - snapshot.starts[candidate.segment]
        return DiscoveryHit(
            server: segment.server, tool: segment.tools[tool].name, exposedName: segment.tools[tool].exposedName,
            score: Double(candidate.score), why: reasons(segment, tool, needs))
    }

    /// At most this many words are named for each field.
    private static let namedWords = 4

    private func reasons(_ segment: Segment, _ tool: Int, _ needs: [Need]) -> String {
        var words: [Field: [String]] = [:]
        for term in needs.first?.terms ?? [] {
            var fields: UInt8 = segment.serverWeight(of: term.term) > 0 ? Field.server.rawValue : 0
            if let posting = segment.posting(of: term.term, tool: tool) { fields |= posting.fields }
            guard let field = Field.allCases.first(where: { fields & $0.rawValue != 0 }) else { continue }
            if term.origin == .joined, words[field] != nil { continue }
            let word = Self.shown(term)
            if words[field]?.contains(word) != true { words[field, default: []].append(word) }
        }
        var reasons = Field.allCases.compactMap { field in
            words[field].map { "\(field.label): \($0.prefix(Self.namedWords).joined(separator: ", "))" }
        }
        if reasons.isEmpty { reasons.append("meaning") }
        return reasons.joined(separator: " · ")
    }

    private static func shown(_ term: QueryTerm) -> String {
        let word = String(decoding: term.word.prefix(40), as: UTF8.self)
        guard let misspelt = term.misspelt else { return word }
        return "\(word) (for \(String(decoding: misspelt.prefix(40), as: UTF8.self)))"
    }
}

extension Segment {
    /// The posting of a term for one tool.
    func posting(of term: UInt64, tool: Int) -> Posting? {
        let range = range(of: term)
        var low = range.lowerBound
        var high = range.upperBound
        while low < high {
            let middle = (low + high) / 2
            if postings[middle].tool < UInt32(tool) { low = middle + 1 } else { high = middle }
        }
        return low < range.upperBound && postings[low].tool == UInt32(tool) ? postings[low] : nil
    }
}
