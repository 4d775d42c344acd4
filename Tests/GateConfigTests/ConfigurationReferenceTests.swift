import Foundation
import Testing

@testable import GateConfig

/// docs/configuration.md says what the code does: every key, with its type, default, unit and range, and no other.
@Suite struct ConfigurationReferenceTests {
    struct Row: Equatable {
        var type: String
        var fallback: String
        var unit: String
        var range: String
    }

    private static func document() throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: root.appendingPathComponent("docs/configuration.md"), encoding: .utf8)
    }

    /// The rows of the tables by `section.key`.
    private func documented() throws -> [String: Row] {
        var rows: [String: Row] = [:]
        var section = ""
        for line in try Self.document().components(separatedBy: "\n") {
            if line.hasPrefix("### `[") {
                section = line.filter { $0.isLetter || $0 == "_" }
            } else if line.hasPrefix("#") {
                // Tables below other headings explain and are no lists of keys.
                section = ""
            } else if line.hasPrefix("| `"), !section.isEmpty {
                let cells = line.components(separatedBy: "|").map { $0.trimmingCharacters(in: .whitespaces) }
                try #require(cells.count == 8, "\(line)")
                #expect(!cells[6].isEmpty, "no meaning: \(line)")
                let key = section + "." + cells[1].trimmingCharacters(in: ["`"])
                #expect(rows[key] == nil, "twice: \(key)")
                rows[key] = Row(
                    type: cells[2], fallback: cells[3].trimmingCharacters(in: ["`"]), unit: cells[4], range: cells[5])
            }
        }
        return rows
    }

    private func row(_ field: ConfigField) -> Row {
        var fallback = "none"
        if let value = field.effectiveValue(in: GatewayConfig()) {
            fallback = ""
            value.writeTOML(to: &fallback)
        }
        var row = Row(type: "string", fallback: fallback, unit: "", range: "")
        switch field.kind {
        case .integer(_, let range), .optionalInteger(_, let range):
            row.type = "integer"
            row.unit = field.name.hasSuffix("_bytes") ? "bytes" : ""
            row.range = "\(range.lowerBound)–\(range.upperBound)"
        case .duration(_, let unit, let range):
            row.type = "integer"
            row.unit = unit.rawValue
            row.range = "\(range.lowerBound)–\(range.upperBound)"
        case .boolean: row.type = "boolean"
        case .texts: row.type = "array of strings"
        case .text, .optionalText, .choice: break
        }
        if field.key == "limits.body_min_rate" { row.unit = "bytes/s" }
        if field.key == "limits.restart_jitter" { row.unit = "%" }
        return row
    }

    @Test func everyKeyOfTheSectionsIsDocumented() throws {
        let documented = try documented().filter { row in
            !["backends.", "tenants.", "agents."].contains { row.key.hasPrefix($0) }
        }
        let inCode = Dictionary(uniqueKeysWithValues: ConfigField.all.map { ($0.key, row($0)) })
        #expect(Set(documented.keys).symmetricDifference(inCode.keys) == [])
        for (key, row) in inCode { #expect(documented[key] == row, "\(key)") }
        #expect(Set(ConfigField.all.map(\.section)) == Set(ConfigField.sections))
    }

    @Test func everyKeyOfBackendsIsDocumented() throws {
        let documented = try documented().filter { $0.key.hasPrefix("backends.") }
        #expect(Set(documented.keys) == Set(BackendReader.keys.map { "backends." + $0 }))
        let url = try BackendURL("http://a")
        let defaults =
            BackendConfig(name: "a", connection: .http(.init(url: url))).effectiveEntries(secrets: .hidden)
            + BackendConfig(name: "a", connection: .stdio(.init(command: "a"))).effectiveEntries(secrets: .hidden)
        var expected: [String: String] = [:]
        for entry in defaults {
            expected[entry.key] = ""
            entry.value.writeTOML(to: &expected[entry.key, default: ""])
        }
        let optional = [
            "name", "command", "url", "cwd", "ca_file", "request_timeout", "idle_timeout", "max_in_flight", "max_queue",
            "sandbox", "integrity", "oauth",
        ]
        for key in optional { expected[key] = "none" }
        for (key, row) in documented { #expect(expected[String(key.dropFirst(9))] == row.fallback, "\(key)") }
        let range = ConfigField.requestTimeoutRange
        #expect(documented["backends.request_timeout"]?.range == "\(range.lowerBound)–\(range.upperBound)")
        let ranges = [
            "instances": BackendReader.instancesRange, "max_instances": BackendReader.maxInstancesRange,
            "warm_spares": BackendReader.warmSparesRange, "idle_timeout": BackendReader.secondsRange,
            "max_in_flight": BackendReader.countRange, "max_queue": BackendReader.countRange,
        ]
        for (key, range) in ranges {
            #expect(documented["backends." + key]?.range == "\(range.lowerBound)–\(range.upperBound)", "\(key)")
        }
    }

    @Test func everyKeyOfAgentsAndTenantsIsDocumented() throws {
        let documented = Set(try documented().keys)
        #expect(
            documented.filter { $0.hasPrefix("tenants.") } == Set(AccessReader.tenantKeys.map { "tenants." + $0 }))
        #expect(documented.filter { $0.hasPrefix("agents.") } == Set(AccessReader.agentKeys.map { "agents." + $0 }))
    }

    /// The reference promises that each default is in its range and that a file that spells all of them out is accepted.
    @Test func defaultsAreValid() throws {
        let toml = EffectiveConfig(GatewayConfig()).toml
        var expected = GatewayConfig()
        expected.server.dataDir = "/home/ann/.stonegate"
        #expect(try load(toml).config == expected)
    }

    @Test func examplesAreValid() throws {
        let parts = try Self.document().components(separatedBy: "```toml\n").dropFirst()
        #expect(!parts.isEmpty)
        for part in parts {
            let example = try #require(part.components(separatedBy: "```").first)
            let loaded = try load(example, environment: ["HOME": "/home/ann", "TICKETS_TOKEN": "t"])
            #expect(loaded.config.backends.map(\.name) == ["time", "tickets"])
            #expect(loaded.literalSecrets == [])
        }
    }

    @Test func variablesHaveTheNamesOfTheirKeys() {
        let variables = ConfigField.all.map(\.variable)
        #expect(variables.contains("STONEGATE_SERVER_PORT"))
        #expect(variables.contains("STONEGATE_CIRCUIT_BREAKER_RESET_TIMEOUT"))
        #expect(Set(variables).count == variables.count)
    }
}
