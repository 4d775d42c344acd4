import ArgumentParser
import GateProtocol
import GateTerminal

struct AgentToken: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Gives an agent a new token and prints it, this once; the old one ends at once.",
        discussion: "What the agent has open with the old token is cut.")

    @Argument(help: "The agent, as `stonegate agent list` shows it: NAME, or TENANT/NAME.")
    var id: String

    @Option(help: "How long the token is valid: 90d, 12h, 30m, 45s. Without it, until it is ended.")
    var expires: Lifetime?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var source: ConfigurationOptions

    func run() async throws {
        var body = JSONObject([("id", .string(id))])
        if let expires { body["expires_in_seconds"] = .init(expires.seconds) }
        let answer = try await source.operate("/agents/token", .object(body), json: json)
        if json { return Console.print(json: answer.bytes) }
        Console.print(answer["token"]?.stringValue ?? "")
        Console.complain("The old token of '\(SafeText.line(id))' has ended.")
    }
}
