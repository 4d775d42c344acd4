import CDiscoveryTable

/// One search over one snapshot.
struct Search {
    struct Candidate {
        /// Number of the tool over all segments.
        var tool: Int
        var segment: Int
        var score: Float
    }

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
        var candidates = candidates(needs, text: text, query)
        candidates.sort { $0.score != $1.score ? $0.score > $1.score : $0.tool < $1.tool }
        spreadOverServers(&candidates)
        let page = candidates.dropFirst(offset).prefix(limit)
        var answer = DiscoveryAnswer(total: candidates.count)
        answer.hits = page.map { hit($0, needs) }
        let (end, overflow) = offset.addingReportingOverflow(page.count)
        if !overflow, !page.isEmpty, end < candidates.count { answer.nextOffset = end }
        return answer
    }

    private static func trimmed(_ text: String) -> [UInt8] {
        let isBlank = { (byte: UInt8) in byte <= 0x20 }
        return Array(text.utf8.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }

    // MARK: Scores

    private func candidates(_ needs: [Need], text: String, _ query: DiscoveryQuery) -> [Candidate] {
        guard let whole = needs.first else { return [] }
        var (scores, matched) = score(whole, query.server)
        if needs.count > 1 {
            var best = [Float](repeating: 0, count: snapshot.toolCount)
            for need in needs.dropFirst() {
                let (part, found) = score(need, query.server)
                for tool in part.indices where part[tool] > best[tool] { best[tool] = part[tool] }
                for tool in found.indices where found[tool] { matched[tool] = true }
            }
            for tool in scores.indices {
                scores[tool] = (1 - ranking.clause) * scores[tool] + ranking.clause * best[tool]
            }
        }
        let named = exactNames(text)
        for (tool, boost) in named {
            scores[tool] += boost
            matched[tool] = true
        }
        var candidates: [Candidate] = []
        for (number, segment) in snapshot.segments.enumerated() {
            if let server = query.server, !server.utf8.elementsEqual(segment.server.utf8) { continue }
            let start = snapshot.starts[number]
            for tool in segment.tools.indices where matched[start + tool] {
                if let isVisible = query.isVisible, !isVisible(segment.server, segment.tools[tool].name) { continue }
                candidates.append(Candidate(tool: start + tool, segment: number, score: scores[start + tool]))
            }
        }
        return candidates
    }

    /// The fused score of each tool for one need, and whether it is an answer at all.
    private func score(_ need: Need, _ server: String?) -> ([Float], [Bool]) {
        var scores = lexical(need)
        var matched = scores.map { $0 > 0 }
        let dimension = need.vector.components.count
        need.vector.components.withUnsafeBufferPointer { vector in
            for (number, segment) in snapshot.segments.enumerated() {
                guard let query = vector.baseAddress else { continue }
                let serverCosine = Self.cosine(need.vector, segment.serverVector)
                segment.vectors.withUnsafeBufferPointer { rows in
                    guard let base = rows.baseAddress else { return }
                    for tool in segment.tools.indices {
                        let dot = cdt_dot(query, base + tool * dimension, dimension)
                        let cosine = Float(dot) * segment.vectorScales[tool] * need.vector.scale
                        let place = snapshot.starts[number] + tool
                        if cosine > ranking.meaningFloor { matched[place] = true }
                        scores[place] += ranking.meaning * max(cosine, 0) + ranking.serverMeaning * serverCosine
                    }
                }
            }
        }
        return (scores, matched)
    }

    private static func cosine(_ a: PackedVector, _ b: PackedVector) -> Float {
        guard a.components.count == b.components.count else { return 0 }
        let dot = cdt_dot(a.components, b.components, a.components.count)
        return max(Float(dot) * a.scale * b.scale, 0)
    }

    /// BM25 over weighted fields, scaled to 0...1 times the weight of the lexical part.
    private func lexical(_ need: Need) -> [Float] {
        var scores = [Float](repeating: 0, count: snapshot.toolCount)
        let k = ranking.saturation
        var possible: Float = 0
        var ranges = [Range<Int>](repeating: 0..<0, count: snapshot.segments.count)
        var serverWeights = [Float](repeating: 0, count: snapshot.segments.count)
        for term in need.terms {
            var frequency = 0
            for (number, segment) in snapshot.segments.enumerated() {
                ranges[number] = segment.range(of: term.term)
                serverWeights[number] = segment.serverWeight(of: term.term)
                frequency += ranges[number].count + (serverWeights[number] > 0 ? 1 : 0)
            }
            guard frequency > 0 else { continue }
            let rarity = Self.rarity(frequency, of: snapshot.toolCount) * term.weight
            if term.isOwn { possible += rarity }
            for (number, segment) in snapshot.segments.enumerated() {
                let start = snapshot.starts[number]
                let base = serverWeights[number] / (k + serverWeights[number])
                if base > 0 {
                    for tool in segment.tools.indices { scores[start + tool] += rarity * base }
                }
                segment.postings.withUnsafeBufferPointer { postings in
                    for posting in postings[ranges[number]] {
                        let weight = posting.weight + serverWeights[number]
                        scores[start + Int(posting.tool)] += rarity * (weight / (k + weight) - base)
                    }
                }
            }
        }
        let best = scores.max() ?? 0
        guard best > 0 else { return scores }
        let scale = (1 - ranking.relative) * max(possible, best) + ranking.relative * best
        for tool in scores.indices { scores[tool] *= ranking.lexical / scale }
        return scores
    }

    static func rarity(_ frequency: Int, of count: Int) -> Float {
        let n = Float(count)
        let df = Float(min(frequency, count))
        return Logarithm.natural(1 + (n - df + 0.5) / (df + 0.5))
    }

    // MARK: Exact names

    /// Tools whose whole name the text is, or that it names in the form of an identifier.
    private func exactNames(_ text: String) -> [Int: Float] {
        var boosts: [Int: Float] = [:]
        func look(_ name: [UInt8], _ weight: Float) {
            let key = Terms.name(name)
            for (number, segment) in snapshot.segments.enumerated() {
                for match in segment.names(key) {
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
    private func spreadOverServers(_ candidates: inout [Candidate]) {
        let count = min(candidates.count, Self.spread)
        guard ranking.crowding > 0, count > 1 else { return }
        var seen: [Int: Int] = [:]
        for index in 0..<count {
            let before = seen[candidates[index].segment, default: 0]
            seen[candidates[index].segment] = before + 1
            candidates[index].score -= ranking.crowding * Float(before)
        }
        candidates[0..<count].sort { $0.score != $1.score ? $0.score > $1.score : $0.tool < $1.tool }
    }
}
