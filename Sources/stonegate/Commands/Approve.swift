import ArgumentParser
import GateProtocol
import GateTerminal

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

struct Approve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the tools that wait for approval, and approves them.",
        discussion: """
            Without a tool it shows what waits: what is different, word by word, and what is suspicious. With tools it shows those, \
            and approves them as they were shown: one that has changed again in between is not approved.

            A tool is SERVER/TOOL. SERVER/TOOL@DIGEST, as the list shows it, approves the definition with this digest and no other.

            Exit codes: 0 done, 1 nothing was decided, 3 no gateway runs.
            """)

    @Argument(help: "Tools to approve: SERVER/TOOL, SERVER/TOOL@DIGEST or @DIGEST.")
    var tools: [String] = []

    @Option(help: "Approve all that waits of this server.")
    var server: String?

    @Flag(help: "Approve all that waits.")
    var all = false

    @Flag(help: "Refuse these definitions instead: they are hidden from agents, whatever the configuration says.")
    var reject = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var source: ConfigurationOptions

    /// As many as one request may decide about.
    private static let most = 1_000

    func validate() throws {
        let ways = [!tools.isEmpty, server != nil, all].count { $0 }
        if ways > 1 { throw ValidationError("Give tools, --server or --all, not several of them.") }
        if reject, ways == 0 { throw ValidationError("Say which: SERVER/TOOL, --server NAME or --all.") }
    }

    func run() async throws {
        var query = [("limit", "\(Approve.most)")]
        if let server { query.append(("server", server)) }
        // What is approved can be refused, too.
        if reject, !tools.isEmpty { query.append(("all", "true")) }
        let answer = try await source.ask("/integrity", query: query, json: json)
        let listed = answer["tools"]?.arrayValue ?? []
        if tools.isEmpty, server == nil, !all { return show(answer, listed) }
        let chosen = try choose(listed)
        guard !chosen.isEmpty else {
            if json { return Console.print(json: JSONValue.object(JSONObject([("ok", true), ("tools", [])])).bytes) }
            return Console.print("Nothing waits for approval.")
        }
        if !json { Console.print(report(chosen)) }
        let shown = chosen.map { tool -> JSONValue in
            .object(JSONObject(["server", "tool", "digest"].map { ($0, tool[$0] ?? .null) }))
        }
        let body = JSONObject([("tools", .array(shown)), ("reject", .init(reject))])
        let decided = try await source.operate("/integrity/approve", .object(body), json: json)
        if json { return Console.print(json: decided.bytes) }
        let names = chosen.map { SafeText.line("\($0["server"]?.stringValue ?? "")/\($0["tool"]?.stringValue ?? "")") }
        Console.print("\n\(reject ? "Rejected" : "Approved"): \(names.joined(separator: ", "))")
    }

    private func choose(_ listed: [JSONValue]) throws -> [JSONValue] {
        guard !tools.isEmpty else { return listed.filter { $0["standing"] == "waiting" } }
        var chosen: [JSONValue] = []
        for word in tools {
            let matching = listed.filter { ToolSelector(word).matches($0) }
            guard !matching.isEmpty else {
                throw CommandFailure.end(
                    GateError(
                        .toolNotFound,
                        "No tool that waits is '\(word)'. `stonegate approve` shows which do; a digest must be that of the "
                            + "definition as it is now.", source: .caller), json: json)
            }
            chosen += matching.filter { !chosen.contains($0) }
        }
        return chosen
    }

    private func show(_ answer: JSONValue, _ listed: [JSONValue]) {
        if json { return Console.print(json: answer.bytes) }
        guard !listed.isEmpty else { return Console.print("Nothing waits for approval.") }
        Console.print(report(listed))
        Console.print("\nApprove: stonegate approve \(listed.first.map { ToolSelector.naming($0) } ?? "SERVER/TOOL")")
        if let total = answer["total"]?.intValue, total > listed.count {
            Console.complain("These are \(listed.count) of \(total); --server NAME shows one server's.")
        }
    }

    private func report(_ tools: [JSONValue]) -> String {
        let style = Style(isTerminal: Console.isTerminal, environment: ProcessInfo.processInfo.environment)
        return tools.map { DefinitionReport(style: style).text($0) }.joined(separator: "\n\n")
    }
}
