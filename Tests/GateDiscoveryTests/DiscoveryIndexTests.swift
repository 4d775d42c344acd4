import GateDiscovery
import Testing

@Suite struct DiscoveryIndexTests {
    private func names(_ text: String, limit: Int = 10, server: String? = nil) -> [String] {
        Catalog.index().search(DiscoveryQuery(text: text, limit: limit, server: server)).hits
            .map { "\($0.server)/\($0.tool)" }
    }

    @Test(arguments: [
        ("remove a document", "files/delete_file"),
        ("what is in this folder?", "files/list_directory"),
        ("will it rain tomorrow in Paris", "weather/getForecast"),
        ("history of commits", "git/git_log"),
        ("look something up on the internet", "web/web_search"),
        ("get rid of a file", "files/delete_file"),
        ("必应搜索", "web/bing_search"),
        ("town", "weather/getForecast"),
    ])
    func findsByWordsAndMeaning(text: String, tool: String) {
        #expect(names(text).first == tool)
    }

    @Test(arguments: [
        ("web/fetch", "web/fetch"), ("fetch", "web/fetch"), ("weather_getForecast", "weather/getForecast"),
        ("WEATHER_GETFORECAST", "weather/getForecast"), ("  git/git_log\n", "git/git_log"),
        ("delete everything with `move_file`, not with the search", "files/move_file"),
    ])
    func exactNamesComeFirst(text: String, tool: String) {
        #expect(names(text).first == tool)
    }

    @Test(arguments: [
        ("serach_files", "files/search_files"), ("list direcotry", "files/list_directory"),
        ("forcast", "weather/getForecast"), ("git comit", "git/git_commit"),
    ])
    func misspeltNamesAreFound(text: String, tool: String) {
        #expect(names(text).first == tool)
    }

    @Test func saysWhy() {
        let index = Catalog.index()
        let read = index.search(DiscoveryQuery(text: "read a file from disk")).hits.first
        #expect(read?.why == "name: read, file · description: disk")
        let forecast = index.search(DiscoveryQuery(text: "forcast")).hits.first
        #expect(forecast?.why.contains("forecast (for forcast)") == true)
    }

    @Test func severalNeedsShowEarly() {
        let hits = names("commit my changes and then check the weather forecast and delete the old file", limit: 5)
        #expect(hits.contains("git/git_commit"))
        #expect(hits.contains("weather/getForecast"))
        #expect(hits.contains("files/delete_file"))
    }

    @Test func noMatchIsEmpty() {
        let answer = Catalog.index().search(DiscoveryQuery(text: "qqqzzzxxx ŋŋŋŋ"))
        #expect(answer.hits.isEmpty && answer.total == 0 && answer.nextOffset == nil)
        #expect(DiscoveryIndex().search(DiscoveryQuery(text: "file")).hits.isEmpty)
        #expect(DiscoveryIndex().search(DiscoveryQuery(text: "")).servers.isEmpty)
    }

    @Test func serverFilterAndVisibilityHold() {
        #expect(names("search", server: "files").allSatisfy { $0.hasPrefix("files/") })
        #expect(names("search", server: "nowhere").isEmpty)
        let index = Catalog.index()
        let all = index.search(DiscoveryQuery(text: "file"))
        let some = index.search(DiscoveryQuery(text: "file", isVisible: { _, tool in tool != "delete_file" }))
        #expect(some.total == all.total - 1)
        #expect(!some.hits.contains { $0.tool == "delete_file" })
        let exact = index.search(
            DiscoveryQuery(text: "files/delete_file", isVisible: { server, _ in server != "files" }))
        #expect(!exact.hits.contains { $0.server == "files" })
        let listed = index.search(DiscoveryQuery(text: "", isVisible: { server, _ in server == "git" }))
        #expect(listed.servers.map(\.server) == ["git"] && listed.total == 1)
    }

    @Test func pagesJoinWithoutGapsOrRepeats() {
        let index = Catalog.index()
        for text in ["search a file in the web", "commit and read a file and search the web"] {
            let whole = index.search(DiscoveryQuery(text: text, limit: 100))
            var paged: [DiscoveryHit] = []
            var offset: Int? = 0
            while let start = offset {
                let page = index.search(DiscoveryQuery(text: text, limit: 2, offset: start))
                paged += page.hits
                offset = page.nextOffset
            }
            #expect(paged == whole.hits && whole.total == paged.count && whole.nextOffset == nil)
        }
    }

    @Test func emptyQueryListsServers() {
        let index = Catalog.index()
        let answer = index.search(DiscoveryQuery(text: " \n", usage: { _, tool in tool == "git_log" ? 5 : 0 }))
        #expect(answer.servers.map(\.server) == ["files", "git", "weather", "web"])
        #expect(answer.servers.map(\.toolCount) == [5, 3, 2, 3])
        #expect(answer.servers[1].tools == ["git_log", "git_commit", "git_create_branch"])
        #expect(answer.hits.isEmpty && answer.total == 4)
        let page = index.search(DiscoveryQuery(text: "", limit: 3))
        #expect(page.servers.count == 3 && page.nextOffset == 3)
    }
}
