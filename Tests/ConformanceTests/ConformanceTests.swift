import GateProtocol
import GateTestKit
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What MCP requires of the gateway, each obligation in each pairing of eras and on each transport where it applies.
///
/// `STONEGATE_CONFORMANCE_ONLY=G-4,G-17` runs some; `STONEGATE_CONFORMANCE_WRITE=1` writes the table into the page.
@Suite(.serialized) struct ConformanceTests {
    @Test(arguments: Obligation.chosen) func holds(_ obligation: Obligation) async throws {
        let failures = try await Conformance.run.value.failures(obligation)
        if let reason = KnownGaps.reasons[obligation.id] {
            #expect(!failures.isEmpty, "\(obligation.id) holds now, but is said not to: \(reason)")
        } else {
            if !failures.isEmpty { Issue.record("\(obligation.id)\n\(failures.joined(separator: "\n"))") }
        }
    }

    @Test func idsAreUnique() {
        #expect(Set(Obligation.all.map(\.id)).count == Obligation.all.count)
    }

    @Test func everyMessageIsValid() async throws {
        let found = try await Conformance.run.value.validation
        #expect(
            found.toAgents.invalid.isEmpty, "to agents: \(found.toAgents.invalid.prefix(5).joined(separator: "\n"))")
        #expect(
            found.toBackends.invalid.isEmpty,
            "to backends: \(found.toBackends.invalid.prefix(5).joined(separator: "\n"))")
        #expect(found.toAgents.checked > 0)
        #expect(found.toBackends.checked > 0)
    }

    @Test(.enabled(if: Obligation.chosen.count == Obligation.all.count))
    func thePageSaysWhatWasFound() async throws {
        let table = ConformanceTable.text(try await Conformance.run.value)
        let page = String(decoding: try Data(contentsOf: URL(filePath: ConformanceTable.path)), as: UTF8.self)
        let parts = page.components(separatedBy: ConformanceTable.begin + "\n")
        let head = try #require(parts.first)
        let rest = try #require(parts.last?.components(separatedBy: "\n" + ConformanceTable.end))
        let wanted = [head, ConformanceTable.begin, "\n", table, "\n", ConformanceTable.end, rest.last ?? ""].joined()
        if ProcessInfo.processInfo.environment["STONEGATE_CONFORMANCE_WRITE"] != nil {
            try Data(wanted.utf8).write(to: URL(filePath: ConformanceTable.path))
        } else {
            let differences = zip(page.split(separator: "\n"), wanted.split(separator: "\n")).filter { $0 != $1 }
            if page != wanted {
                let some = differences.prefix(4).map { "\($0.0) → \($0.1)" }.joined(separator: "\n")
                Issue.record("docs/conformance.md differs; make conformance writes it: \(some)")
            }
        }
    }
}

extension Obligation {
    static let all: [Obligation] =
        serverObligations + clientObligations + surface + questions + modernToLegacy + legacyToModern

    /// Those that the environment asks for, or all.
    static let chosen: [Obligation] = {
        guard let only = ProcessInfo.processInfo.environment["STONEGATE_CONFORMANCE_ONLY"] else { return all }
        let ids = only.split(separator: ",").map(String.init)
        return all.filter { one in ids.contains { one.id == $0 || one.id.hasPrefix($0 + "-") } }
    }()
}
