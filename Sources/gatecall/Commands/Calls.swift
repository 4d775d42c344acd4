import ArgumentParser
import GateClient
import GateProtocol
import GateTerminal

struct Calls: GatewayCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists the calls of `gatecall call --async`, newest first.",
        discussion: "Outcomes are kept for a day unless the gateway is configured otherwise.")

    @Option(help: "Only calls in this state: queued, running, complete, failed, cancelled, outcome_unknown.")
    var status: String?

    @Option(help: "Only calls of this server.")
    var server: String?

    @Option(help: "The most calls to show.")
    var limit = 50

    @Option(help: "Where the page before ended (next_cursor).")
    var cursor: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard (1...500).contains(limit) else { throw ValidationError("--limit must be from 1 to 500.") }
    }

    func execute(_ client: GateClient) async throws {
        let path = GateClient.callsPath(
            status: status.map(CallState.Status.init), server: server, limit: limit, cursor: cursor)
        try await ask(client, path, asJSON: output.json) { answer in
            let list = try CallList(json: answer)
            guard !list.calls.isEmpty else { return Console.complain("There are no such calls.") }
            var table = Table([
                .init("ID"), .init("STATUS"), .init("TOOL"), .init("SUBMITTED (UTC)"), .init("PROGRESS"),
            ])
            for call in list.calls {
                table.add([
                    .init(call.id), CallReport(call).statusCell, .init("\(call.server)/\(call.tool)", .bold),
                    .init(String(call.submittedAt.prefix(19)).replacing("T", with: " "), .dim),
                    .init(call.progress.map(ProgressBar.words) ?? ""),
                ])
            }
            Screen.print(table)
            if let next = list.nextCursor { Console.complain("There are more: gatecall calls --cursor \(next)") }
        }
    }
}
