import GateDiscovery

/// A small catalog for the tests.
enum Catalog {
    static let files = [
        DiscoveryTool(name: "read_file", description: "Reads a file from disk.", parameters: [.init(name: "path")]),
        DiscoveryTool(name: "delete_file", description: "Deletes a file."),
        DiscoveryTool(name: "list_directory", description: "Lists everything in a directory."),
        DiscoveryTool(name: "search_files", description: "Finds files by a pattern in their names."),
        DiscoveryTool(name: "move_file", description: "Moves or renames a file."),
    ]
    static let git = [
        DiscoveryTool(name: "git_commit", description: "Records changes to the repository."),
        DiscoveryTool(name: "git_log", description: "Shows the commit history."),
        DiscoveryTool(name: "git_create_branch", description: "Creates a new branch."),
    ]
    static let weather = [
        DiscoveryTool(
            name: "getForecast", exposedName: "weather_getForecast", description: "Temperature and rain for a city.",
            parameters: [.init(name: "city", description: "Name of the town"), .init(name: "days")]),
        DiscoveryTool(name: "getAlerts", description: "Storm warnings of a region."),
    ]
    static let web = [
        DiscoveryTool(name: "web_search", description: "Searches the internet with a search engine."),
        DiscoveryTool(name: "bing_search", description: "使用必应搜索指定的关键词，并返回搜索结果列表"),
        DiscoveryTool(name: "fetch", description: "Gets a web page as text."),
    ]

    static func fill(_ index: DiscoveryIndex) {
        index.replace(server: "files", title: "Files", description: "Works on local files.", tools: files)
        index.replace(server: "git", title: nil, description: "Version control.", tools: git)
        index.replace(server: "weather", title: "Weather", description: nil, tools: weather)
        index.replace(server: "web", title: nil, description: nil, tools: web)
    }

    static func index() -> DiscoveryIndex {
        let index = DiscoveryIndex()
        fill(index)
        return index
    }
}
