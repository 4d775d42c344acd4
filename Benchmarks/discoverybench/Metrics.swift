import Foundation

/// One query with what it should find.
struct LabelledQuery: Decodable {
    var id: String
    var kind: String
    var query: String
    /// The needs; each is met once, by its tool or one of its alternatives.
    var relevant: [String]
    var alternatives: [String: [String]]?
    var grades: [String: Double]?
}

/// Retrieval metrics, averaged over queries.
struct Metrics {
    private(set) var count = 0
    private var sums = [Double](repeating: 0, count: Self.names.count)

    static let names = ["recall@1", "recall@5", "recall@10", "ndcg@10", "mrr", "hit@1", "hit@5", "complete@10"]

    mutating func add(_ query: LabelledQuery, ranked: [String]) {
        let values = Self.score(query, ranked: ranked)
        for (index, value) in values.enumerated() { sums[index] += value }
        count += 1
    }

    mutating func merge(_ other: Metrics) {
        for (index, value) in other.sums.enumerated() { sums[index] += value }
        count += other.count
    }

    subscript(name: String) -> Double {
        Self.names.firstIndex(of: name).map { count == 0 ? 0 : sums[$0] / Double(count) } ?? 0
    }

    var row: String {
        let cells = Self.names.map { String(format: "%.3f", self[$0]) }
        return "| \(count) | \(cells.joined(separator: " | ")) |"
    }

    /// The share of the needs that `ranked` meets.
    static func recall(_ query: LabelledQuery, _ ranked: [String]) -> Double {
        score(query, ranked: ranked)[2]
    }

    private static func score(_ query: LabelledQuery, ranked: [String]) -> [Double] {
        var needsOf: [String: [String]] = [:]
        for need in query.relevant {
            for key in [need] + (query.alternatives?[need] ?? []) { needsOf[key, default: []].append(need) }
        }
        func grade(_ need: String) -> Double { query.grades?[need] ?? 1 }
        var rankOf: [String: Int] = [:]
        var gain = 0.0
        for (rank, key) in ranked.enumerated() {
            let free = (needsOf[key] ?? []).filter { rankOf[$0] == nil }
            guard let need = free.max(by: { grade($0) < grade($1) }) else { continue }
            rankOf[need] = rank
            if rank < 10 { gain += grade(need) / log2(Double(rank) + 2) }
        }
        let ideal = query.relevant.map(grade).sorted(by: >).prefix(10).enumerated()
            .reduce(0.0) { $0 + $1.element / log2(Double($1.offset) + 2) }
        let needs = Double(query.relevant.count)
        func met(_ k: Int) -> Double { Double(query.relevant.filter { (rankOf[$0] ?? .max) < k }.count) }
        let first = rankOf.values.min()
        return [
            met(1) / needs, met(5) / needs, met(10) / needs, gain / ideal, first.map { 1 / Double($0 + 1) } ?? 0,
            met(1) > 0 ? 1 : 0, met(5) > 0 ? 1 : 0, met(10) == needs ? 1 : 0,
        ]
    }
}
