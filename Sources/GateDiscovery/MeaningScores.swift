import CDiscoveryTable

/// Cosines of a need's vector with the vectors of all tools.
struct MeaningScores {
    let snapshot: Snapshot
    let ranking: Ranking
    private var products: [Int32] = []

    init(snapshot: Snapshot, ranking: Ranking) {
        self.snapshot = snapshot
        self.ranking = ranking
    }

    /// Adds the weighted cosines to `scores`; notes tools that are near enough to be an answer by meaning alone.
    mutating func add(_ need: Need, to scores: inout [Float], matched: inout [Bool]) {
        let width = need.vector.components.count
        guard width > 0, need.vector.scale > 0 else { return }
        for (number, segment) in snapshot.segments.enumerated() {
            let count = segment.tools.count
            if products.count < count { products = [Int32](repeating: 0, count: count) }
            let start = snapshot.starts[number]
            let extra = ranking.serverMeaning * cosine(need.vector, segment.serverVector)
            segment.vectors.withUnsafeBufferPointer { rows in
                need.vector.components.withUnsafeBufferPointer { query in
                    products.withUnsafeMutableBufferPointer { products in
                        guard let rows = rows.baseAddress, let query = query.baseAddress,
                            let products = products.baseAddress
                        else { return }
                        cdt_dots(query, rows, count, width, products)
                    }
                }
            }
            let (weight, floor, scale) = (ranking.meaning, ranking.meaningFloor, need.vector.scale)
            segment.vectorScales.withUnsafeBufferPointer { scales in
                scores.withUnsafeMutableBufferPointer { scores in
                    matched.withUnsafeMutableBufferPointer { matched in
                        for tool in 0..<count {
                            let cosine = Float(products[tool]) * scales[tool] * scale
                            if cosine > floor { matched[start + tool] = true }
                            scores[start + tool] += weight * max(cosine, 0) + extra
                        }
                    }
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
