import Foundation
import GateDiscovery

/// Latency, indexing time and memory with a catalog of a given size.
enum Scale {
    static func measure(root: URL, tools: Int, ranking: Ranking) throws {
        let catalogs = try Quality.sets.map { try Catalog(folder: root.appendingPathComponent($0)) }
        let sources = catalogs.flatMap(\.servers)
        let queries = catalogs.flatMap { $0.queries.map(\.query) }
        let index = DiscoveryIndex(ranking: ranking)
        var servers = 0
        let indexing = ContinuousClock().measure { servers = fill(index, tools, sources) }
        print("\(servers) servers, \(index.toolCount) tools: indexed in \(indexing)")
        measureMemory(tools, sources, ranking)
        measureLatency(index, queries)
        let added = Array(catalogs.flatMap { $0.servers.flatMap(\.tools) }.prefix(1000))
        let adding = ContinuousClock().measure {
            index.replace(server: "added", title: "Added", description: nil, tools: added)
            _ = index.search(DiscoveryQuery(text: "added"))
        }
        print("a server of \(added.count) tools added and found in \(adding)")
    }

    /// Repeats the servers under new names until there are `tools` tools; returns how many servers that makes.
    private static func fill(_ index: DiscoveryIndex, _ tools: Int, _ sources: [Catalog.Server]) -> Int {
        var copy = 0
        while index.toolCount < tools {
            let source = sources[copy % sources.count]
            let name = copy < sources.count ? source.name : "\(source.name)-\(copy / sources.count)"
            index.replace(
                server: name, title: source.title, description: source.description,
                tools: Array(source.tools.prefix(tools - index.toolCount)))
            copy += 1
        }
        return copy
    }

    private static func measureLatency(_ index: DiscoveryIndex, _ queries: [String]) {
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
    }

    /// The growth by several more indexes, so that memory freed before does not hide it.
    private static func measureMemory(_ tools: Int, _ sources: [Catalog.Server], _ ranking: Ranking) {
        let copies = 4
        let before = resident()
        let indexes = (0..<copies).map { _ in
            let index = DiscoveryIndex(ranking: ranking)
            _ = fill(index, tools, sources)
            return index
        }
        let after = resident()
        withExtendedLifetime(indexes) {
            print("one more index costs \((after - before) / copies / 1024) KiB resident")
        }
    }

    /// Resident memory of this process in bytes, where the system tells it.
    private static func resident() -> Int {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * 4096
    }
}
