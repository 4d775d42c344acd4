import ArgumentParser
import GateClient
import GateProtocol
import GateTerminal

struct Health: GatewayCommand {
    static let configuration = CommandConfiguration(abstract: "Shows how the gateway is.")

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func execute(_ client: GateClient) async throws {
        try await ask(client, "/health", asJSON: output.json) { answer in
            let health = try HealthInfo(json: answer)
            Screen.print([
                ("status", .init(health.status, health.status == "ok" ? .green : .yellow)),
                ("version", .init(health.version)), ("tier", .init(health.tier)),
                ("uptime", .init(Spoken.time(seconds: health.uptimeSeconds))),
                ("servers", .init("\(health.backendsHealthy) of \(health.backendsTotal) healthy")),
                ("open circuits", .init("\(health.circuitsOpen)")),
            ])
            for warning in health.warnings {
                Console.print(Screen.style.apply(.yellow, "warning: ") + SafeText.line(warning))
            }
        }
    }
}
