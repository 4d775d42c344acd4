import ArgumentParser
import GateClient
import GateProtocol
import GateTerminal

struct Discover: GatewayCommand {
    static let configuration = CommandConfiguration(
        abstract: "Finds tools by words, best first.",
        discussion: "Any of the words may fit, in names and descriptions: gatecall discover read a file")

    @Argument(help: "What the tool should do, in a few words.")
    var words: [String]

    @Option(help: "The most tools to show.")
    var limit = 10

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit must be at least 1.") }
    }

    func execute(_ client: GateClient) async throws {
        let path = GateClient.discoverPath(words.joined(separator: " "), limit: limit)
        try await ask(client, path, asJSON: output.json) { answer in
            let tools: [DiscoveredTool] = try answer.elements("tools")
            guard !tools.isEmpty else {
                return Console.complain("No tool fits. Try other words, or list all tools with: gatecall tools")
            }
            var table = Table([.init("TOOL"), .init("WHY", limit: 40), .init("DESCRIPTION")])
            for tool in tools {
                table.add([
                    .init("\(tool.server)/\(tool.tool)", .bold), .init(tool.why, .dim),
                    .init(tool.description.firstLine),
                ])
            }
            Screen.print(table)
        }
    }
}

extension String {
    /// The first line that is not empty.
    var firstLine: String {
        unicodeScalars.split { $0 == "\n" || $0 == "\r" }
            .map { String(String.UnicodeScalarView($0)) }
            .first { !$0.allSatisfy(\.isWhitespace) } ?? ""
    }
}
