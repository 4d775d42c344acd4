import ArgumentParser
import GateProtocol

@main
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
            Serve.self, MCP.self, Check.self, Status.self, Token.self, DemoServerCommand.self,
        ])
}
