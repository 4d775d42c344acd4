import ArgumentParser
import GateClient
import GateProtocol
import GateTerminal

struct Servers: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Lists the servers behind the gateway and how they are.")

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func execute(_ client: GateClient) async throws {
        try await ask(client, "/server/list", asJSON: output.json) { answer in
            let servers: [ServerInfo] = try answer.elements("servers")
            guard !servers.isEmpty else {
                return Console.complain("There are no servers. Add one with: gatecall server add NAME -- COMMAND")
            }
            Console.print(ServerTable.rendered(servers, width: Console.width, style: Screen.style))
        }
    }
}
