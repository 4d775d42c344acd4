import ArgumentParser
import GateClient
import GateProtocol
import GateTerminal

struct Tools: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Lists the tools of all servers, or of one.")

    @Argument(help: "The server whose tools to list.")
    var server: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func execute(_ client: GateClient) async throws {
        try await ask(client, GateClient.toolsPath(server: server), asJSON: output.json) { answer in
            let list = try ToolList(json: answer)
            guard !list.tools.isEmpty else {
                return Console.complain("There are no tools. See why with: gatecall servers")
            }
            var table = Table([.init("TOOL"), .init("AS AGENTS SEE IT"), .init("DESCRIPTION")])
            for tool in list.tools {
                table.add([
                    .init("\(tool.server)/\(tool.tool)", .bold), .init(tool.name), .init(tool.description.firstLine),
                ])
            }
            Screen.print(table)
        }
    }
}
