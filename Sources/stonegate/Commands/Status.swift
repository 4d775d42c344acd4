import ArgumentParser
import GateClient
import GateConfig
import GateProtocol
import GateTerminal

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows how the running gateway and its servers are.",
        discussion: "Exit codes: 0 the gateway answers, 3 it does not, 1 it refuses, 78 the configuration is wrong.")

    @Option(help: ArgumentHelp("The gateway's address. Left out: as the configuration says.", valueName: "url"))
    var url: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var source: ConfigurationOptions

    func run() async throws {
        let address = try url ?? (try? source.runningGateway().url) ?? source.load().localURL
        do throws(GateError) {
            try await show(address)
        } catch {
            Console.complain("stonegate: \(SafeText.line(error.code.rawValue)): \(SafeText.lines(error.message))")
            throw error.code == .gatewayUnreachable ? ExitCode.unreachable : ExitCode.failure
        }
    }

    private func show(_ address: String) async throws(GateError) {
        let client = try GateClient(url: address)
        let health = try await client.health()
        let servers = try await client.servers()
        if json {
            let answer: JSONValue = ["health": health.json, "servers": .array(servers.map(\.json))]
            return Console.print(json: answer.bytes)
        }
        let style = Style(isTerminal: Console.isTerminal, environment: ProcessInfo.processInfo.environment)
        let status = style.apply(health.status == "ok" ? .green : .yellow, SafeText.line(health.status))
        Console.print(
            "stonegate \(SafeText.line(health.version)) at \(client.url): \(status), up for "
                + "\(Spoken.time(seconds: health.uptimeSeconds)), \(health.backendsHealthy) of "
                + "\(Spoken.count(health.backendsTotal, "server")) healthy")
        for warning in health.warnings { Console.print(style.apply(.yellow, "warning: ") + SafeText.line(warning)) }
        guard !servers.isEmpty else {
            return Console.print("There are no servers. Add one with: gatecall server add NAME -- COMMAND")
        }
        Console.print("\n" + ServerTable.rendered(servers, width: Console.width, style: style))
    }
}
