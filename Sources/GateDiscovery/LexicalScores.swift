/// BM25 over weighted fields: looks up each term once, then sums for as many needs as ask.
struct LexicalScores {
    /// Where a term stands in one segment.
    private struct Match {
        var segment: Int
        var postings: Range<Int>
        var serverWeight: Float
    }

    private struct Found {
        var matches: [Match] = []
        var rarity: Float = 0
    }

    private let snapshot: Snapshot
    private let ranking: Ranking
    private var found: [UInt64: Found] = [:]

    init(snapshot: Snapshot, ranking: Ranking) {
        self.snapshot = snapshot
        self.ranking = ranking
    }

    /// The scores of all tools for one need: 0...1 times the weight of the lexical part.
    mutating func scores(_ need: Need) -> [Float] {
        var scores = [Float](repeating: 0, count: snapshot.toolCount)
        var possible: Float = 0
        for term in need.terms {
            let entry = look(term.term)
            let rarity = entry.rarity * term.weight
            guard rarity > 0 else { continue }
            if term.isOwn { possible += rarity }
            add(entry, rarity, to: &scores)
        }
        let best = scores.max() ?? 0
        guard best > 0 else { return scores }
        let scale = (1 - ranking.relative) * max(possible, best) + ranking.relative * best
        for tool in scores.indices { scores[tool] *= ranking.lexical / scale }
        return scores
    }

    private func add(_ entry: Found, _ rarity: Float, to scores: inout [Float]) {
        let k = ranking.saturation
        scores.withUnsafeMutableBufferPointer { scores in
            for match in entry.matches {
                let segment = snapshot.segments[match.segment]
                let start = snapshot.starts[match.segment]
                let base = match.serverWeight / (k + match.serverWeight)
                if base > 0 {
                    for tool in start..<start + segment.tools.count { scores[tool] += rarity * base }
                }
                segment.postings.withUnsafeBufferPointer { postings in
                    for posting in postings[match.postings] {
                        let weight = posting.weight + match.serverWeight
                        scores[start + Int(posting.tool)] += rarity * (weight / (k + weight) - base)
                    }
                }
            }
        }
    }

    private mutating func look(_ term: UInt64) -> Found {
        if let known = found[term] { return known }
        var entry = Found()
        var frequency = 0
        for number in snapshot.segments(mayHave: term) {
            let segment = snapshot.segments[number]
            let range = segment.range(of: term)
            let serverWeight = segment.serverWeight(of: term)
            guard !range.isEmpty || serverWeight > 0 else { continue }
            entry.matches.append(Match(segment: number, postings: range, serverWeight: serverWeight))
            frequency += range.count + (serverWeight > 0 ? 1 : 0)
        }
        if frequency > 0 { entry.rarity = Self.rarity(frequency, of: snapshot.toolCount) }
        found[term] = entry
        return entry
    }

    private static func rarity(_ frequency: Int, of count: Int) -> Float {
        let n = Float(count)
        let df = Float(min(frequency, count))
        return Logarithm.natural(1 + (n - df + 0.5) / (df + 0.5))
    }
}
