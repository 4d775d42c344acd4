import Foundation
import GateDiscovery

/// Ranks the queries of every set and prints the metrics.
enum Quality {
    static let sets = ["livemcp", "mcpref", "bigmcp", "metatool", "sealtools"]
    static let agentKinds: Set = ["golden", "route", "step"]

    static func measure(root: URL, ranking: Ranking, only: String?, misses: Int, short: Bool) throws {
        var agents = Metrics()
        var recall = 0.0
        var gain = 0.0
        var measured = 0.0
        var line = ""
        if !short { print("| set | kind | n | \(Metrics.names.joined(separator: " | ")) | p50 ms | p99 ms |") }
        for set in sets where only == nil || only == set {
            let catalog = try Catalog(folder: root.appendingPathComponent(set))
            let index = DiscoveryIndex(ranking: ranking)
            catalog.fill(index)
            var all = Metrics()
            var kinds: [String: Metrics] = [:]
            var times: [Double] = []
            var left = misses
            for query in catalog.queries {
                let start = ContinuousClock.now
                let answer = index.search(DiscoveryQuery(text: query.query))
                times.append((ContinuousClock.now - start) / .milliseconds(1))
                let ranked = answer.hits.map { "\($0.server)/\($0.tool)" }
                all.add(query, ranked: ranked)
                kinds[query.kind, default: Metrics()].add(query, ranked: ranked)
                if left > 0, Metrics.recall(query, Array(ranked.prefix(5))) < 1 {
                    left -= 1
                    print("miss \(query.kind): \(query.query.prefix(160))\n  wants \(query.relevant)")
                    for hit in answer.hits.prefix(6) {
                        print("  got \(hit.server)/\(hit.tool) \(hit.score) \(hit.why)")
                    }
                }
            }
            times.sort()
            recall += all["recall@5"]
            gain += all["ndcg@10"]
            measured += 1
            for (kind, metrics) in kinds where agentKinds.contains(kind) { agents.merge(metrics) }
            line += String(format: "%@ %.3f/%.3f  ", String(set.prefix(4)), all["recall@5"], all["ndcg@10"])
            guard !short else { continue }
            let latency = String(format: " %.2f | %.2f |", times[times.count / 2], times[times.count * 99 / 100])
            print("| \(set) | all \(all.row)\(latency)")
            for (kind, metrics) in kinds.sorted(by: { $0.key < $1.key }) {
                print("| \(set) | \(kind) \(metrics.row) | |")
            }
        }
        let total = String(
            format: "macro %.4f/%.4f  agents %.4f/%.4f", recall / measured, gain / measured, agents["recall@5"],
            agents["ndcg@10"])
        print("recall@5/nDCG@10: \(total)  \(line)")
    }
}
