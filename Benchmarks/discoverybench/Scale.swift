import Foundation
import GateDiscovery

/// Latency, indexing time and memory with a catalog of a given size.
enum Scale {
    static func measure(root: URL, tools: Int, ranking: Ranking) throws {
        let catalogs = try Quality.sets.map { try Catalog(folder: root.appendingPathComponent($0)) }
        let sources = catalogs.flatMap(\.servers)
        let queries = catalogs.flatMap { $0.queries.map(\.query) }
        let index = DiscoveryIndex(ranking: ranking)
        index.replace(server: "warm-up", title: nil, description: nil, tools: [DiscoveryTool(name: "a")])
        _ = index.search(DiscoveryQuery(text: "warm up"))
        index.remove(server: "warm-up")
        let before = resident()
        var copy = 0
        let indexing = ContinuousClock().measure {
            while index.toolCount < tools {
                let source = sources[copy % sources.count]
                let name = copy < sources.count ? source.name : "\(source.name)-\(copy / sources.count)"
                index.replace(
                    server: name, title: source.title, description: source.description,
                    tools: Array(source.tools.prefix(tools - index.toolCount)))
                copy += 1
            }
        }
        let after = resident()
        let size = index.toolCount
        print("\(copy) servers, \(size) tools: indexed in \(indexing), \((after - before) / 1024) KiB more resident")
        var times: [Double] = []
        for query in queries {
            let start = ContinuousClock.now
            _ = index.search(DiscoveryQuery(text: query))
            times.append((ContinuousClock.now - start) / .milliseconds(1))
        }
        times.sort()
        func percentile(_ p: Int) -> String {
            String(format: "%.2f", times[min(times.count - 1, times.count * p / 100)])
        }
        print("search ms: p50 \(percentile(50)) p95 \(percentile(95)) p99 \(percentile(99)) max \(percentile(100))")
        let added = Array(catalogs.flatMap { $0.servers.flatMap(\.tools) }.prefix(1000))
        let adding = ContinuousClock().measure {
            index.replace(server: "added", title: "Added", description: nil, tools: added)
            _ = index.search(DiscoveryQuery(text: "added"))
        }
        print("a server of \(added.count) tools added and found in \(adding)")
    }

    /// Resident memory of this process in bytes, where the system tells it.
    private static func resident() -> Int {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * 4096
    }
}
