import ArgumentParser
import GateClient
import GateProtocol
import GateTerminal

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

struct ServerAdd: GatewayCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Adds a server and starts it.",
        discussion: """
            The server stays over restarts of the gateway. A command is looked up in the gateway's PATH.

              gatecall server add time -- uvx mcp-server-time --local-timezone UTC
              gatecall server add notes --env TOKEN=secret -- notes-server
              gatecall server add remote --http https://example.com/mcp --header 'Authorization=Bearer secret'
            """)

    static let path = "server add"

    @Argument(help: "A name for the server: letters, digits, -, _ and .")
    var name: String

    @Argument(parsing: .postTerminator, help: "After --: the command that runs the server, with its arguments.")
    var command: [String] = []

    @Option(help: ArgumentHelp("The address of a server that speaks MCP over HTTP.", valueName: "url"))
    var http: String?

    @Option(parsing: .singleValue, help: ArgumentHelp("A variable for the command.", valueName: "key=value"))
    var env: [String] = []

    @Option(parsing: .singleValue, help: ArgumentHelp("A header for the address.", valueName: "key=value"))
    var header: [String] = []

    @Option(help: ArgumentHelp("Working directory of the command.", valueName: "path"))
    var cwd: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard command.isEmpty != (http == nil) else {
            throw ValidationError("Give either a command after --, or --http.")
        }
        guard http == nil || (env.isEmpty && cwd == nil) else {
            throw ValidationError("--env and --cwd belong to a command, not to --http.")
        }
        guard command.isEmpty || header.isEmpty else {
            throw ValidationError("--header belongs to --http, not to a command.")
        }
        _ = try pairs(env, "--env")
        _ = try pairs(header, "--header")
    }

    func execute(_ client: GateClient) async throws {
        try present(
            try await client.send(.post, "/server/add", body: try definition().json.bytes), asJSON: output.json
        ) { _ in
            Console.print("\(SafeText.line(name)) is added and starting. See how it goes with: gatecall servers")
        }
    }

    private func definition() throws -> ServerDefinition {
        if let http { return ServerDefinition(name, .http(url: http, headers: try pairs(header, "--header"))) }
        var settings = JSONObject()
        if let cwd { settings["cwd"] = .string(absolute(cwd)) }
        let program = command.first ?? ""
        return ServerDefinition(
            name,
            .stdio(
                command: program.contains("/") ? absolute(program) : program, arguments: Array(command.dropFirst()),
                environment: try pairs(env, "--env")),
            settings: settings)
    }

    /// The gateway has another working directory than the user's shell.
    private func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    private func pairs(_ words: [String], _ option: String) throws -> [String: String] {
        var pairs: [String: String] = [:]
        for word in words {
            guard let equals = word.firstIndex(of: "="), equals != word.startIndex else {
                throw ValidationError("\(option) \(word): write it as key=value.")
            }
            pairs[String(word[..<equals])] = String(word[word.index(after: equals)...])
        }
        return pairs
    }
}
