import ArgumentParser
import GateClient
import GateProtocol
import GateTerminal

struct Server: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Adds, starts, stops, restarts and removes servers.",
        discussion:
            "These commands need the gateway's admin token; on the gateway's own machine it is found by itself.",
        subcommands: [
            ServerAdd.self, ServerStart.self, ServerStop.self, ServerRestart.self, ServerRemove.self,
        ])
}

/// A command that changes one server.
protocol ServerChange: GatewayCommand {
    static var verb: String { get }
    /// What to say when it is done.
    static var done: String { get }
    var name: String { get }
    var output: OutputOptions { get }
}

extension ServerChange {
    static var path: String { "server \(verb)" }

    func execute(_ client: GateClient) async throws {
        let body: JSONValue = ["name": .string(name)]
        try present(
            try await client.send(.post, "/server/\(Self.verb)", body: body.bytes), asJSON: output.json
        ) { _ in
            Console.print("\(SafeText.line(name)) \(Self.done)")
        }
    }
}

struct ServerStart: ServerChange {
    static let configuration = CommandConfiguration(commandName: "start", abstract: "Starts a server.")
    static let verb = "start"
    static let done = "is starting. See how it goes with: gatecall servers"

    @Argument(help: "The server's name.") var name: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions
}

struct ServerStop: ServerChange {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stops a server; it stays in the list.")
    static let verb = "stop"
    static let done = "is being stopped."

    @Argument(help: "The server's name.") var name: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions
}

struct ServerRestart: ServerChange {
    static let configuration = CommandConfiguration(commandName: "restart", abstract: "Stops and starts a server.")
    static let verb = "restart"
    static let done = "is restarting. See how it goes with: gatecall servers"

    @Argument(help: "The server's name.") var name: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions
}

struct ServerRemove: ServerChange {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Stops a server and forgets it.")
    static let verb = "remove"
    static let done = "is removed."

    @Argument(help: "The server's name.") var name: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions
}
