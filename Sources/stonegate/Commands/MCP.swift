import GateProtocol
import ArgumentParser
import GateClient
import GateConfig
import GateTerminal

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

struct MCP: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "MCP on stdin and stdout, for clients that launch commands.",
        discussion: """
            Connects to the running gateway, so any number of clients share its servers. In a client's configuration:

              { "mcpServers": { "stonegate": { "command": "stonegate", "args": ["mcp"] } } }

            Without a gateway every request waits for it for ten seconds and is then answered with an error.
            """)

    @Option(help: ArgumentHelp("The gateway's address. Left out: as the configuration says.", valueName: "url"))
    var url: String?

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "Show this server's tools only; may be given several times or with commas.", valueName: "name"))
    var server: [String] = []

    @Option(help: ArgumentHelp("The agent's name in the gateway's statistics and logs.", valueName: "name"))
    var agent: String?

    @OptionGroup var source: ConfigurationOptions

    func validate() throws {
        guard agent.map(HeaderText.isUsable) ?? true else {
            throw ValidationError("--agent must be printable ASCII without blanks.")
        }
    }

    func run() async throws {
        // A client that goes away must end this process by an error of `write`, not by a signal.
        signal(SIGPIPE, SIG_IGN)
        let address = try GateClient.baseURL(try url ?? source.load().localURL)
        try await BridgeDriver(endpoint: address + path, agentName: agent).run(Bridge(address: address))
    }

    /// The endpoint that shows the chosen servers.
    private var path: String {
        let names = server.flatMap { $0.split(separator: ",") }.map { PercentEncoding.encode(String($0)) }
        return names.isEmpty ? "/mcp" : "/mcp?servers=" + names.joined(separator: ",")
    }
}
