import ArgumentParser
import GateProtocol
import GateTerminal

struct AgentRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Ends an agent: its token counts no longer, and what it has open is cut.",
        discussion: "It takes effect at once. Asynchronous calls that the agent has started run to their end.")

    @Argument(help: "The agent, as `stonegate agent list` shows it: NAME, or TENANT/NAME.")
    var id: String

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var source: ConfigurationOptions

    func run() async throws {
        let body = JSONObject([("id", .string(id))])
        let answer = try await source.operate("/agents/remove", .object(body), json: json)
        if json { return Console.print(json: answer.bytes) }
        Console.print("Agent '\(SafeText.line(id))' has ended.")
        if answer["required"]?.boolValue == false {
            Console.complain(
                "It was the last: from now on nobody needs a token on the loopback address. `[access] required = true` keeps it closed."
            )
        }
    }
}
