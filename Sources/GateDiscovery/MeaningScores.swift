import CDiscoveryTable

/// Cosines of the needs' vectors with the vectors of all tools, fused with the lexical scores in one pass.
struct MeaningScores {
    let snapshot: Snapshot
    let ranking: Ranking

    /// What the fused ranking is sorted by.
    struct Fused {
        var scores: [Float]
        /// Whether a tool is an answer at all: it shares a word with the query or is near it in meaning.
        var matched: [Bool]
    }

    /// - Parameter lexical: the scores of all tools for the first need, then for the second, and so on.
    func fuse(_ needs: [Need], lexical: [Float]) -> Fused {
        let toolCount = snapshot.toolCount
        var fused = Fused(
            scores: [Float](repeating: 0, count: toolCount), matched: [Bool](repeating: false, count: toolCount))
        var products = [Int32](repeating: 0, count: snapshot.largest)
        let factors = needs.map { $0.vector.scale * ranking.meaning }
        let floor = ranking.meaningFloor * ranking.meaning
        let own = needs.count > 1 ? 1 - ranking.clause : 1
        var best = [Float](repeating: 0, count: snapshot.largest)
        for (number, segment) in snapshot.segments.enumerated() {
            let start = snapshot.starts[number]
            let count = segment.tools.count
            for (place, need) in needs.enumerated() {
                let extra = ranking.serverMeaning * cosine(need.vector, segment.serverVector)
                dots(need.vector, segment, &products)
                let row = place * toolCount + start
                let factor = factors[place]
                for tool in 0..<count {
                    let meaning = Float(products[tool]) * segment.vectorScales[tool] * factor
                    let words = lexical[row + tool]
                    let score = words + max(meaning, 0) + extra
                    if words > 0 || meaning > floor { fused.matched[start + tool] = true }
                    switch place {
                    case 0: fused.scores[start + tool] = own * score
                    case 1: best[tool] = score
                    default: best[tool] = max(best[tool], score)
                    }
                }
            }
            guard needs.count > 1 else { continue }
            for tool in 0..<count { fused.scores[start + tool] += ranking.clause * best[tool] }
        }
        return fused
    }

    private func dots(_ vector: PackedVector, _ segment: Segment, _ products: inout [Int32]) {
        let count = segment.tools.count
        guard products.count >= count else { return }
        segment.vectors.withUnsafeBufferPointer { rows in
            vector.components.withUnsafeBufferPointer { query in
                products.withUnsafeMutableBufferPointer { products in
                    guard let rows = rows.baseAddress, let query = query.baseAddress,
                        let products = products.baseAddress
                    else { return }
                    cdt_dots(query, rows, count, vector.components.count, products)
                }
            }
        }
    }

    private func cosine(_ a: PackedVector, _ b: PackedVector) -> Float {
        guard a.components.count == b.components.count else { return 0 }
        var product: Int32 = 0
        cdt_dots(a.components, b.components, 1, a.components.count, &product)
        return max(Float(product) * a.scale * b.scale, 0)
    }
}
