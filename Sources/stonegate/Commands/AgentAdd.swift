import ArgumentParser
import GateProtocol
import GateTerminal

struct AgentAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Adds an agent to the running gateway and prints its token, this once.",
        discussion: """
            The token is all that standard output gets, so that it can go into a file: stonegate agent add ci --allow 'db/*' > ci.token

            Patterns are SERVER/NAME, with * for any characters and ? for one; deny wins. Without patterns the agent may use as much as \
            its tenant. Resources and prompts are patterns of their own: what no pattern allows does not exist for the agent.
            """)

    @Argument(help: "The agent's name: letters, digits, '-', '_' and '.'.")
    var name: String

    @Option(help: "The tenant it belongs to, one of the configuration's.")
    var tenant: String?

    @Option(parsing: .singleValue, help: "Tools that it may use, as 'db/*'. Can be repeated.")
    var allow: [String] = []

    @Option(parsing: .singleValue, help: "Tools that it may not use. Can be repeated.")
    var deny: [String] = []

    @Option(
        name: .customLong("allow-resource"), parsing: .singleValue, help: "Resources that it may use, as SERVER/URI.")
    var allowResources: [String] = []

    @Option(name: .customLong("allow-prompt"), parsing: .singleValue, help: "Prompts that it may use, as SERVER/NAME.")
    var allowPrompts: [String] = []

    @Option(help: "How long the token is valid: 90d, 12h, 30m, 45s. Without it, until it is ended.")
    var expires: Lifetime?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var source: ConfigurationOptions

    func run() async throws {
        var body = JSONObject([("name", .string(name))])
        if let tenant { body["tenant"] = .string(tenant) }
        if !(allow + deny + allowResources + allowPrompts).isEmpty {
            body["allow"] = .array(allow.map { .string($0) })
            body["deny"] = .array(deny.map { .string($0) })
            body["resources"] = .object(JSONObject([("allow", .array(allowResources.map { .string($0) }))]))
            body["prompts"] = .object(JSONObject([("allow", .array(allowPrompts.map { .string($0) }))]))
        }
        if let expires { body["expires_in_seconds"] = .init(expires.seconds) }
        let answer = try await source.operate("/agents/add", .object(body), json: json)
        if json { return Console.print(json: answer.bytes) }
        Console.print(answer["token"]?.stringValue ?? "")
        Console.complain(
            "Agent '\(SafeText.line(answer["id"]?.stringValue ?? ""))' is added. Its token is shown this once.")
        if answer["closed_the_gateway"]?.boolValue == true {
            Console.complain(
                "It is the first: from now on every request to this gateway needs a token. Commands of this user go on as before."
            )
        }
    }
}
