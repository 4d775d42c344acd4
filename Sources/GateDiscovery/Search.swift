/// One search over one snapshot.
struct Search {
    let snapshot: Snapshot
    let ranking: Ranking

    /// The first ranks are spread over servers; later pages must agree with them.
    private static let spread = 100
    private static let largestPage = 1000

    func answer(_ query: DiscoveryQuery) -> DiscoveryAnswer {
        let text = QueryReader.bounded(query.text)
        let limit = min(max(query.limit, 0), Self.largestPage)
        let offset = max(query.offset, 0)
        let bytes = Self.trimmed(text)
        guard !bytes.isEmpty else { return servers(query, limit: limit, offset: offset) }
        var reader = QueryReader(snapshot: snapshot, ranking: ranking)
        let needs = reader.needs(text)
        let (sum, overflows) = offset.addingReportingOverflow(limit)
        let best = ranked(needs, text: text, query, depth: overflows ? .max : max(sum, Self.spread))
        var candidates = best.sorted()
        if needs.count > 1 { spreadOverServers(&candidates) }
        let page = candidates.dropFirst(offset).prefix(limit)
        var answer = DiscoveryAnswer(total: best.count)
        answer.hits = page.map { hit($0, needs) }
        if !page.isEmpty, offset + page.count < best.count { answer.nextOffset = offset + page.count }
        return answer
    }

    private static func trimmed(_ text: String) -> [UInt8] {
        let isBlank = { (byte: UInt8) in byte <= 0x20 }
        return Array(text.utf8.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }

    // MARK: Scores

    private func ranked(_ needs: [Need], text: String, _ query: DiscoveryQuery, depth: Int) -> BestFirst {
        var lexical = LexicalScores(snapshot: snapshot, ranking: ranking)
        let meaning = MeaningScores(snapshot: snapshot, ranking: ranking)
        var fused = meaning.fuse(needs, lexical: lexical.scores(needs))
        for (tool, boost) in exactNames(text) {
            fused.scores[tool] += boost
            fused.matched[tool] = true
        }
        var best = BestFirst(capacity: depth)
        for (number, segment) in snapshot.segments.enumerated() {
            if let server = query.server, !server.utf8.elementsEqual(segment.server.utf8) { continue }
            let start = snapshot.starts[number]
            for tool in segment.tools.indices where fused.matched[start + tool] {
                if let isVisible = query.isVisible, !isVisible(segment.server, segment.tools[tool].name) { continue }
                best.offer(BestFirst.Candidate(tool: start + tool, segment: number, score: fused.scores[start + tool]))
            }
        }
        return best
    }

    // MARK: Exact names

    /// Tools whose whole name the text is, or that it names in the form of an identifier.
    private func exactNames(_ text: String) -> [Int: Float] {
        var boosts: [Int: Float] = [:]
        func look(_ name: [UInt8], _ weight: Float) {
            let key = Terms.name(name)
            for number in snapshot.segments(mayHave: key) {
                for match in snapshot.segments[number].names(key) {
                    let place = snapshot.starts[number] + Int(match.tool)
                    let boost = weight * (10 + Float(match.kind.rawValue))
                    boosts[place] = max(boosts[place] ?? 0, boost)
                }
            }
        }
        look(Self.trimmed(text), 1)
        var looked = 0
        for piece in text.utf8.split(whereSeparator: { $0 <= 0x20 }) where looked < QueryReader.mostWords {
            let name = Array(piece).trimmingSigns()
            guard name.count < 200, name.containsIdentifierSign() else { continue }
            looked += 1
            look(name, 0.5)
        }
        return boosts
    }

    // MARK: Order

    /// Takes a little off for each better tool of the same server, so that several needs and servers show early.
    private func spreadOverServers(_ candidates: inout [BestFirst.Candidate]) {
        let count = min(candidates.count, Self.spread)
        guard ranking.crowding > 0, count > 1 else { return }
        var seen: [Int: Int] = [:]
        for index in 0..<count {
            let before = seen[candidates[index].segment, default: 0]
            seen[candidates[index].segment] = before + 1
            candidates[index].score -= ranking.crowding * Float(before)
        }
        candidates[0..<count].sort { $0.isBetter(than: $1) }
    }
}
