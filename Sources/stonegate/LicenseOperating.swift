import ArgumentParser
import GateClient
import GateConfig
import GateProtocol
import GateServer
import GateTerminal
import Logging

extension ConfigurationOptions {
    /// Does something with the license: through the gateway that uses the data directory, else with the directory itself.
    func license(
        running: () -> (path: String, body: JSONValue),
        offline: (LicenseKeeper) async throws(GateError) -> JSONValue
    ) async throws(GateError) -> JSONValue {
        let gateway: RunningGateway
        do throws(GateError) {
            gateway = try runningGateway()
        } catch {
            guard error.code == .gatewayUnreachable else { throw error }
            return try await offline(keeper())
        }
        let (path, body) = running()
        do throws(GateError) {
            let answer = try await gateway.client().send(.post, path, body: body.bytes)
            return (try? JSONValue(parsing: answer)) ?? .null
        } catch {
            throw gateway.explained(error)
        }
    }

    /// The license as the next start will find it.
    private func keeper() throws(GateError) -> LicenseKeeper {
        let config: GatewayConfig
        do throws(ConfigProblems) {
            config = try read().loaded.config
        } catch {
            throw GateError(.configInvalid, "\(error)", source: .caller)
        }
        do {
            let directory = try StateDirectory(path: config.server.dataDir)
            return try LicenseKeeper(
                config, directory, logger: Logger(label: "license") { _ in SwiftLogNoOpLogHandler() }
            ) { _, _, _, _ in }
        } catch {
            throw GateError(.storageFailed, "\(error)")
        }
    }
}

/// How the license stands, for people.
enum LicenseText {
    /// - Parameter warnings: false where they are shown beside those of the gateway.
    static func print(_ license: JSONValue, warnings: Bool = true) {
        for line in lines(license) where warnings || !line.hasPrefix("warning: ") {
            Console.print(SafeText.line(line))
        }
    }

    static func lines(_ license: JSONValue) -> [String] {
        func text(_ name: String) -> String { license[name]?.stringValue ?? "" }
        func day(_ name: String) -> String { String(text(name).prefix(16).map { $0 == "T" ? " " : $0 }) }
        let tier = title(text("tier"))
        var lines: [String] = []
        switch text("standing") {
        case "active", "renewing": lines.append("license: \(tier), until \(day("expires_at")) UTC; it renews itself")
        case "grace": lines.append("license: \(tier), expired; its days of grace end \(day("grace_ends_at")) UTC")
        case "revocation_pending":
            let moment = license["revocation"]?["effective_at"]?.stringValue ?? ""
            lines.append("license: \(tier), revoked; Free counts from \(moment.prefix(16)) UTC")
        case "revoked": lines.append("license: Free, revoked; what had been accepted goes on")
        default:
            lines.append(
                "license: Free"
                    + (license["license_id"] == nil ? "" : ", the \(title(text("licensed_tier"))) license is over"))
        }
        if let used = license["used"] {
            func use(_ name: String) -> String {
                let count = used[name]?.intValue ?? 0
                return "\(count)" + (license["limits"]?[name]?.intValue.map { " of \($0)" } ?? "")
            }
            lines.append("used: \(use("backends")) backends, \(use("agents")) agents with a token")
        }
        if let beat = license["heartbeat"] {
            let last = beat["last_answer_at"]?.stringValue.map { String($0.prefix(16)) + " UTC" } ?? "never"
            lines.append(
                "heartbeat: last answer \(last), next in \(Spoken.time(seconds: beat["next_in_seconds"]?.intValue ?? 0))"
            )
            if let problem = beat["last_problem"]?.stringValue { lines.append("  the last one: \(problem)") }
        }
        for warning in license["warnings"]?.arrayValue ?? [] { lines.append("warning: \(warning.stringValue ?? "")") }
        for next in license["next"]?.arrayValue ?? [] { lines.append("next: \(next.stringValue ?? "")") }
        return lines
    }

    private static func title(_ tier: String) -> String { tier.prefix(1).uppercased() + tier.dropFirst() }
}
