import ArgumentParser
import GateProtocol
import GateServer

struct Stonegate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stonegate",
        abstract: "One MCP endpoint in front of many MCP servers.",
        discussion: """
            Start the gateway with `stonegate serve`, then point agents at http://127.0.0.1:3393/mcp. Clients that can only \
            launch commands use `stonegate mcp`. To call tools from a shell there is `gatecall`.
            """,
        version: StonegateVersion.current,
        subcommands: [
            Serve.self, Stop.self, Reload.self, Status.self, Activate.self, Deactivate.self, Check.self, MCP.self,
            Token.self, Agents.self, ExplainAccess.self, Approve.self, Audit.self, AuthorityCommand.self,
            DemoServerCommand.self,
        ])
}

@main
enum Entry {
    static func main() async {
        if CommandLine.arguments.dropFirst().first == "serve" {
            GatewayApp.concealProcess()
            do {
                try GatewayApp.startGuardian()
            } catch {
                Terminal.note("stonegate: servers may outlive a killed gateway: \(error)")
            }
        }
        await Stonegate.main()
    }
}
