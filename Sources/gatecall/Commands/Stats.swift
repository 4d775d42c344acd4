import ArgumentParser
import GateClient
import GateProtocol
import GateTerminal

struct Stats: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Shows how many calls there were and how long they took.")

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func execute(_ client: GateClient) async throws {
        try await ask(client, "/stats", asJSON: output.json) { answer in
            let stats = try StatsInfo(json: answer)
            var lines: [(String, Table.Cell)] = [
                ("calls", .init("\(stats.totalCalls)")),
                ("errors", .init("\(stats.totalErrors) (\(Spoken.percent(stats.errorRate)))")),
                ("average", .init(Spoken.milliseconds(stats.averageLatency))),
                ("95 %", .init("within " + Spoken.milliseconds(stats.p95Latency))),
                ("99 %", .init("within " + Spoken.milliseconds(stats.p99Latency))),
            ]
            if let memory = stats.memory {
                let share = Double(memory.bufferedBytes) / Double(max(1, memory.limitBytes))
                lines.append(("buffers", .init("\(Spoken.percent(share)) of \(memory.limitBytes >> 20) MiB in use")))
            }
            Screen.print(lines)
            guard !stats.backends.isEmpty else { return }
            var table = Table([
                .init("SERVER"), .init("CALLS", .right), .init("ERRORS", .right), .init("AVERAGE", .right),
            ])
            for backend in stats.backends {
                table.add([
                    .init(backend.name, .bold), .init("\(backend.calls)"), .init("\(backend.errors)"),
                    .init(Spoken.milliseconds(backend.averageMilliseconds)),
                ])
            }
            Console.print("")
            Screen.print(table)
        }
    }
}
