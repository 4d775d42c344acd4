import ArgumentParser
import GateClient
import GateProtocol
import GateTerminal

struct Log: GatewayCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the call log: who called what, when, how long, and what happened. Needs the admin token.",
        discussion: """
            Times are given as 2026-11-25T07:30:00Z, or as how long ago: 15m, 2h, 7d.

              gatecall log --status error --since 1h
              gatecall log --follow
            """)

    @Option(help: "The most calls to show, the newest.")
    var limit = 50

    @Option(help: "Only calls of this server.")
    var server: String?

    @Option(help: "Only calls of this tool.")
    var tool: String?

    @Option(help: "Only calls that ended so: success, tool_error, error, timeout, cancelled, rejected.")
    var status: String?

    @Option(name: .customLong("of"), help: ArgumentHelp("Only calls of this agent.", valueName: "agent"))
    var caller: String?

    @Option(help: "Only calls since then.")
    var since: String?

    @Option(help: "Only calls until then.")
    var until: String?

    @Option(help: "Where the page before ended (next_cursor).")
    var cursor: String?

    @Flag(name: .shortAndLong, help: "Go on and show each call as it ends, until interrupted.")
    var follow = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard (1...1_000).contains(limit) else { throw ValidationError("--limit must be from 1 to 1000.") }
        guard !follow || cursor == nil && until == nil else {
            throw ValidationError("--follow goes on from now: it takes neither --cursor nor --until.")
        }
    }

    func execute(_ client: GateClient) async throws {
        var last = 0
        try present(try await client.send(.get, path(since: since)), asJSON: output.json && !follow) { answer in
            last = try answer.int("last")
            let calls = answer["calls"]?.arrayValue ?? []
            if follow { return try calls.reversed().forEach(showLine) }
            guard !calls.isEmpty else { return Console.complain("There are no such calls.") }
            var table = Table(LogLine.columns)
            for call in calls { table.add(LogLine(call).cells) }
            Screen.print(table)
            if let next = answer["next_cursor"]?.stringValue { Console.complain("There are more: --cursor \(next)") }
        }
        while follow {
            try await Task.sleep(for: Log.interval)
            try present(try await client.send(.get, path(after: last)), asJSON: false) { answer in
                last = max(last, try answer.int("last"))
                try (answer["calls"]?.arrayValue ?? []).forEach(showLine)
            }
        }
    }

    private static let interval = Duration.milliseconds(500)

    private func showLine(_ call: JSONValue) throws {
        if output.json { return Console.print(json: call.bytes) }
        Console.print(LogLine(call).text(Screen.style))
    }

    private func path(since: String? = nil, after: Int? = nil) -> String {
        var path = "/log?limit=\(after == nil ? limit : 1_000)"
        let filters = [
            ("server", server), ("tool", tool), ("status", status), ("agent", caller), ("since", since),
            ("until", until),
            ("cursor", cursor),
        ]
        for (name, value) in filters { if let value { path += "&\(name)=\(PercentEncoding.encode(value))" } }
        if let after { path += "&after=\(after)" }
        return path
    }
}
