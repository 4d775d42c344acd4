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
        abstract: "Shows how the running gateway, its license and its servers are.",
        discussion: "Exit codes: 0 the gateway answers, 3 it does not, 1 it refuses, 78 the configuration is wrong.")

    @Option(help: ArgumentHelp("The gateway's address. Left out: as the configuration says.", valueName: "url"))
    var url: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Print what the next heartbeat tells the license server, byte for byte, and nothing else.")
    var telemetry = false

    @Flag(help: "Ask the license server for news first.")
    var refresh = false

    @OptionGroup var source: ConfigurationOptions

    func run() async throws {
        if telemetry {
            return Console.print(json: try await source.ask("/license/telemetry", json: json).bytes)
        }
        if refresh { _ = try await source.operate("/license/refresh", [:], json: json) }
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
        let license = await license(address)
        if json {
            var answer = JSONObject([("health", health.json), ("servers", .array(servers.map(\.json)))])
            if let license { answer["license"] = license }
            return Console.print(json: JSONValue.object(answer).bytes)
        }
        let style = Style(isTerminal: Console.isTerminal, environment: ProcessInfo.processInfo.environment)
        let status = style.apply(health.status == "ok" ? .green : .yellow, SafeText.line(health.status))
        Console.print(
            "stonegate \(SafeText.line(health.version)) at \(client.url): \(status), up for "
                + "\(Spoken.time(seconds: health.uptimeSeconds)), \(health.backendsHealthy) of "
                + "\(Spoken.count(health.backendsTotal, "server")) healthy")
        if let license {
            LicenseText.print(license, warnings: false)
        } else {
            Console.print("license: \(SafeText.line(health.tier))")
        }
        for warning in health.warnings { Console.print(style.apply(.yellow, "warning: ") + SafeText.line(warning)) }
        guard !servers.isEmpty else {
            return Console.print("There are no servers. Add one with: gatecall server add NAME -- COMMAND")
        }
        Console.print("\n" + ServerTable.rendered(servers, width: Console.width, style: style))
    }

    /// Nil for whoever is not the operator of that gateway.
    private func license(_ address: String) async -> JSONValue? {
        guard let gateway = try? source.runningGateway(), gateway.url == address,
            let client = try? gateway.client(), let answer = try? await client.send(.get, "/license")
        else { return nil }
        return try? JSONValue(parsing: answer)
    }
}
