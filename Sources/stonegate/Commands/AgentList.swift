import ArgumentParser
import GateProtocol
import GateTerminal

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

struct AgentList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Shows who may come in, and what each may use.")

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var source: ConfigurationOptions

    func run() async throws {
        let answer = try await source.ask("/agents", json: json)
        if json { return Console.print(json: answer.bytes) }
        let agents = answer["agents"]?.arrayValue ?? []
        guard !agents.isEmpty else {
            return Console.print(
                answer["required"]?.boolValue == true
                    ? "There is no agent, and every request needs a credential: nobody but the operator comes in."
                    : "There is no agent: everybody who reaches the loopback address may list and call tools.")
        }
        var table = Table([.init("AGENT"), .init("FROM"), .init("TOKEN"), .init("EXPIRES"), .init("MAY USE")])
        for agent in agents {
            func text(_ key: String) -> String { SafeText.line(agent[key]?.stringValue ?? "") }
            table.add([
                .init(text("id")), .init(text("source")), .init(text("token_id")),
                .init(String(text("expires").prefix(16))), .init(AgentList.rules(agent)),
            ])
        }
        Console.print(
            table.rendered(
                width: Console.width,
                style: Style(isTerminal: Console.isTerminal, environment: ProcessInfo.processInfo.environment)))
    }

    /// Tools only; the rest is in the JSON.
    private static func rules(_ agent: JSONValue) -> String {
        (agent["rules"]?.arrayValue ?? []).map { rules in
            func list(_ key: String) -> [String] {
                (rules["tools"]?[key]?.arrayValue ?? []).compactMap { $0.stringValue.map { SafeText.line($0) } }
            }
            let allow = list("allow")
            let deny = list("deny").map { "-\($0)" }
            return allow.isEmpty ? "nothing" : (allow + deny).joined(separator: " ")
        }.joined(separator: " within ")
    }
}
