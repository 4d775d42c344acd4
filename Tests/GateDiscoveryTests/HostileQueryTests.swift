import GateDiscovery
import Testing

@Suite struct HostileQueryTests {
    static let queries: [String] = {
        let units = [
            "a", " ", "\u{0}", "\u{301}", "😀", "👩‍👩‍👧‍👦", "א", "ع", "搜", "ば", "한", "ก", "हि", "_", "/", ".", "\"", "\\",
            "(a+)+$", "%00",
            "\u{202e}", "\u{feff}", "\u{fffd}", "\u{10ffff}", "İ", "ß", "ﬁ", "𝔊", "-", "and ", "\n", "a_b ", "A", "0",
            "<script>",
            "' OR 1=1 --", "files/read_file ", "serach ", "ZͨA̡L̢G̶O̸ ", "a\u{301}\u{302}\u{303}",
        ]
        return units + units.map { String(repeating: $0, count: 4000) } + [
            "", "\u{0}\u{0}files\u{0}", (0..<3000).map { "wrod\($0)" }.joined(separator: " "),
            (0..<500).map { "tool_\($0)/x" }.joined(separator: " "), String(repeating: "qwertyuiop", count: 100),
        ]
    }()

    @Test func neverFailAndStayQuick() {
        let index = Catalog.index()
        _ = index.search(DiscoveryQuery(text: "warm up"))
        #expect(Self.queries.count >= 60)
        var slowest = Duration.zero
        for text in Self.queries {
            let took = ContinuousClock().measure {
                let answer = index.search(DiscoveryQuery(text: text, limit: 5))
                #expect(answer.hits.count <= 5 && answer.total >= answer.hits.count)
            }
            slowest = max(slowest, took)
        }
        #if DEBUG
            // Unoptimised code beside other tests; this still tells a bounded search from an unbounded one.
            #expect(slowest < .seconds(2))
        #else
            #expect(slowest < .milliseconds(10))
        #endif
    }

    @Test func oddLimitsAndOffsets() {
        let index = Catalog.index()
        for limit in [Int.min, -1, 0, 1, Int.max] {
            for offset in [Int.min, -1, 0, 3, 1000, Int.max] {
                for text in ["file", "", "read a file and search the web"] {
                    let answer = index.search(DiscoveryQuery(text: text, limit: limit, offset: offset))
                    #expect(answer.hits.count <= max(0, min(limit, 13)))
                    #expect(answer.nextOffset.map { $0 > 0 && $0 < answer.total } ?? true)
                }
            }
        }
    }

    @Test func hostileToolsAreIndexed() {
        let index = DiscoveryIndex()
        let tools = Self.queries.map {
            DiscoveryTool(name: $0, title: $0, description: $0, parameters: [.init(name: $0, description: $0)])
        }
        index.replace(server: "\u{0}/../", title: "", description: Self.queries.joined(), tools: tools)
        #expect(index.toolCount == tools.count)
        for text in Self.queries.prefix(20) { _ = index.search(DiscoveryQuery(text: text)) }
    }
}
