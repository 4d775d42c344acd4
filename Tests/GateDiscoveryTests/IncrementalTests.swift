import GateDiscovery
import Testing

@Suite struct IncrementalTests {
    private static let questions = [
        "read a file", "commit", "weather and rain", "search the web then delete a file", "fetch",
    ]

    @Test func changesEqualARebuild() {
        let changed = DiscoveryIndex()
        changed.replace(server: "web", title: nil, description: nil, tools: Catalog.git)
        changed.replace(server: "old", title: nil, description: nil, tools: Catalog.files)
        changed.replace(server: "weather", title: "Other", description: "Other", tools: Catalog.weather)
        changed.remove(server: "old")
        changed.remove(server: "never there")
        Catalog.fill(changed)
        let fresh = Catalog.index()
        #expect(changed.toolCount == fresh.toolCount)
        for text in Self.questions + [""] {
            #expect(changed.search(DiscoveryQuery(text: text)) == fresh.search(DiscoveryQuery(text: text)))
        }
    }

    @Test func orderOfServersLeavesNoTrace() {
        let index = DiscoveryIndex()
        index.replace(server: "web", title: nil, description: nil, tools: Catalog.web)
        index.replace(server: "weather", title: "Weather", description: nil, tools: Catalog.weather)
        index.replace(server: "git", title: nil, description: "Version control.", tools: Catalog.git)
        index.replace(server: "files", title: "Files", description: "Works on local files.", tools: Catalog.files)
        for text in Self.questions {
            #expect(index.search(DiscoveryQuery(text: text)) == Catalog.index().search(DiscoveryQuery(text: text)))
        }
    }

    @Test func removedServersAreGone() {
        let index = Catalog.index()
        index.remove(server: "git")
        #expect(!index.search(DiscoveryQuery(text: "git commit")).hits.contains { $0.server == "git" })
        index.replace(server: "web", title: nil, description: nil, tools: [])
        #expect(!index.search(DiscoveryQuery(text: "web search")).hits.contains { $0.server == "web" })
    }

    @Test func queriesAndChangesRunTogether() async {
        let index = Catalog.index()
        await withTaskGroup(of: Bool.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    for round in 0..<20 {
                        if worker % 2 == 0 {
                            index.replace(server: "s\(round % 3)", title: nil, description: nil, tools: Catalog.git)
                        } else if index.search(DiscoveryQuery(text: "read_file")).hits.first?.tool != "read_file" {
                            return false
                        }
                    }
                    return true
                }
            }
            for await right in group { #expect(right) }
        }
        #expect(index.toolCount == 13 + 9)
    }

    @Test func aLargeServerIsFoundAtOnce() {
        let index = Catalog.index()
        let tools = (0..<1000).map { DiscoveryTool(name: "make_thing_\($0)", description: "Makes thing number \($0).") }
        index.replace(server: "big", title: nil, description: nil, tools: tools)
        #expect(index.search(DiscoveryQuery(text: "make_thing_777")).hits.first?.tool == "make_thing_777")
        #expect(index.search(DiscoveryQuery(text: "make thing", limit: 3)).total >= 1000)
    }
}
