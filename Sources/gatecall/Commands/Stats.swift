import ArgumentParser
import GateClient
import GateProtocol
import GateTerminal

struct Stats: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Shows how many calls there were and how long they took.")

    @Flag(help: "By tool instead of by server.")
    var tools = false

    @Flag(help: "By agent instead of by server.")
    var agents = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func execute(_ client: GateClient) async throws {
        try await ask(client, "/stats", asJSON: output.json) { answer in
            let stats = try StatsInfo(json: answer)
            var lines: [(String, Table.Cell)] = [
                ("calls", .init("\(stats.totalCalls)")),
                ("errors", .init("\(stats.totalErrors) (\(Spoken.percent(stats.errorRate)))")),
                ("average", .init(Spoken.milliseconds(stats.averageLatency))),
                ("50 %", .init("within " + Spoken.milliseconds(stats.p50Latency ?? stats.averageLatency))),
                ("95 %", .init("within " + Spoken.milliseconds(stats.p95Latency))),
                ("99 %", .init("within " + Spoken.milliseconds(stats.p99Latency))),
            ]
            if let slowest = stats.p999Latency {
                lines.append(("99.9 %", .init("within " + Spoken.milliseconds(slowest))))
            }
            if let minute = stats.lastMinute, let hour = stats.lastHour {
                lines.append(("last minute", .init(Stats.window(minute))))
                lines.append(("last hour", .init(Stats.window(hour))))
            }
            if let pending = stats.pendingAsyncCalls, pending > 0 {
                lines.append(("waiting or running", .init(Spoken.count(pending, "asynchronous call"))))
            }
            if let memory = stats.memory {
                let share = Double(memory.bufferedBytes) / Double(max(1, memory.limitBytes))
                lines.append(("buffers", .init("\(Spoken.percent(share)) of \(memory.limitBytes >> 20) MiB in use")))
            }
            Screen.print(lines)
            let parts = tools ? stats.tools : agents ? stats.agents : stats.backends
            guard !parts.isEmpty else { return }
            var table = Table([
                .init(tools ? "TOOL" : agents ? "AGENT" : "SERVER"), .init("CALLS", .right), .init("ERRORS", .right),
                .init("AVERAGE", .right), .init("95 %", .right), .init("LAST HOUR", .right),
            ])
            for part in parts {
                table.add([
                    .init(part.name, .bold), .init("\(part.calls)"), .init("\(part.errors)"),
                    .init(Spoken.milliseconds(part.averageMilliseconds)),
                    .init(part.latency.map { Spoken.milliseconds($0.p95) } ?? ""),
                    .init(part.lastHour.map { "\($0.calls)" } ?? ""),
                ])
            }
            Console.print("")
            Screen.print(table)
        }
    }

    private static func window(_ latency: StatsInfo.Latency) -> String {
        latency.calls == 0
            ? "no calls"
            : "\(Spoken.count(latency.calls, "call")), \(latency.errors) failed, half within \(Spoken.milliseconds(latency.p50))"
    }

    func validate() throws {
        guard !tools || !agents else { throw ValidationError("Give either --tools or --agents.") }
    }
}
