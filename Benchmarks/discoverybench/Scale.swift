import Foundation
import GateDiscovery

/// Latency, indexing time and memory with a catalog of a given size.
enum Scale {
    static func measure(root: URL, tools: Int, perServer: Int?, ranking: Ranking) throws {
        let catalogs = try Quality.sets.map { try Catalog(folder: root.appendingPathComponent($0)) }
        let servers = catalogs.flatMap(\.servers)
        let sources = perServer.map { merged(servers, $0) } ?? servers
        let queries = catalogs.flatMap { $0.queries.map(\.query) }
        let index = DiscoveryIndex(ranking: ranking)
        var count = 0
        let indexing = ContinuousClock().measure { count = fill(index, tools, sources) }
        print("\(count) servers, \(index.toolCount) tools: indexed in \(indexing)")
        measureMemory(tools, sources, ranking)
        measureLatency("search", index, queries)
        measureLatency("hostile search", index, hostile)
        let added = Array(catalogs.flatMap { $0.servers.flatMap(\.tools) }.prefix(1000))
        let adding = ContinuousClock().measure {
            index.replace(server: "added", title: "Added", description: nil, tools: added)
            _ = index.search(DiscoveryQuery(text: "added"))
        }
        print("a server of \(added.count) tools added and found in \(adding)")
    }

    /// The same tools in servers of equal size.
    private static func merged(_ servers: [Catalog.Server], _ size: Int) -> [Catalog.Server] {
        let tools = servers.flatMap(\.tools)
        return stride(from: 0, to: tools.count, by: max(size, 1)).map { start in
            Catalog.Server(
                name: "server-\(start)", title: nil, description: servers[start % servers.count].description,
                tools: Array(tools[start..<min(start + max(size, 1), tools.count)]))
        }
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

    /// Texts made to be slow: all words misspelt, all words names, one endless word, endless marks.
    private static let hostile = [
        (0..<3000).map { "wrodz\($0)qx" }.joined(separator: " "),
        (0..<400).map { "serverr tol\($0)_xyzzy/qwrtz" }.joined(separator: " and "),
        String(repeating: "qwertyuiop", count: 1000), String(repeating: "a\u{301}", count: 5000),
        String(repeating: "search files get list create update, ", count: 200),
        String(repeating: "搜索网页", count: 1000), String(repeating: "👩‍👩‍👧‍👦", count: 500),
    ]

    private static func measureLatency(_ label: String, _ index: DiscoveryIndex, _ queries: [String]) {
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
        print("\(label) ms: p50 \(percentile(50)) p95 \(percentile(95)) p99 \(percentile(99)) max \(percentile(100))")
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
