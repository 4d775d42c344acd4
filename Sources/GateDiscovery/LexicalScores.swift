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

    /// The scores of all tools, 0...1 times the weight of the lexical part: for the first need, then for the second, and so on.
    mutating func scores(_ needs: [Need]) -> [Float] {
        let count = snapshot.toolCount
        var scores = [Float](repeating: 0, count: count * needs.count)
        for (number, need) in needs.enumerated() {
            let entries = need.terms.map { (look($0.term), $0) }
            scores.withUnsafeMutableBufferPointer { scores in
                score(entries, UnsafeMutableBufferPointer(rebasing: scores[number * count..<(number + 1) * count]))
            }
        }
        return scores
    }

    private func score(_ entries: [(Found, QueryTerm)], _ scores: UnsafeMutableBufferPointer<Float>) {
        var possible: Float = 0
        for (entry, term) in entries {
            let rarity = entry.rarity * term.weight
            guard rarity > 0 else { continue }
            if term.isOwn { possible += rarity }
            add(entry, rarity, to: scores)
        }
        var best: Float = 0
        for score in scores where score > best { best = score }
        guard best > 0 else { return }
        let scale = ranking.lexical / ((1 - ranking.relative) * max(possible, best) + ranking.relative * best)
        for tool in scores.indices { scores[tool] *= scale }
    }

    private func add(_ entry: Found, _ rarity: Float, to scores: UnsafeMutableBufferPointer<Float>) {
        let k = ranking.saturation
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
