import ArgumentParser
import GateProtocol
import GateTerminal

struct ExplainAccess: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain-access",
        abstract: "Says which rule lets an agent use something, or keeps it from it.",
        discussion: "Exit codes: 0 allowed, 4 not allowed, 3 no gateway runs, 1 anything else.")

    @Argument(help: "The agent, as `stonegate agent list` shows it: NAME, or TENANT/NAME.")
    var agent: String

    @Argument(help: "SERVER/NAME, with the server's own name of the tool or prompt, or URI of the resource.")
    var item: String

    @Option(help: "What it is: tool, resource or prompt.")
    var kind = "tool"

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var source: ConfigurationOptions

    func run() async throws {
        let answer = try await source.ask(
            "/access/explain", query: [("agent", agent), ("item", item), ("kind", kind)], json: json)
        let isAllowed = answer["allowed"]?.boolValue == true
        if json {
            Console.print(json: answer.bytes)
        } else {
            Console.print(
                "\(isAllowed ? "allowed" : "not allowed"): \(SafeText.line(answer["why"]?.stringValue ?? ""))")
            if answer["exists"]?.boolValue == false {
                Console.complain("There is no such \(SafeText.line(kind)) at the moment.")
            }
        }
        if !isAllowed { throw ExitCode(4) }
    }
}
