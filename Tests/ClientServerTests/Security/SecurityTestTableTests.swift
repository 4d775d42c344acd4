import Foundation
import GateTestKit
import Testing

/// docs/security-tests.md names tests that are there.
@Suite struct SecurityTestTableTests {
    private struct Row {
        var number: String
        var tests: [String]
    }

    private func rows() throws -> [Row] {
        let text = try String(contentsOfFile: Products.checkout + "/docs/security-tests.md", encoding: .utf8)
        return text.split(separator: "\n").filter { $0.hasPrefix("| S-") }.map { line in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            let tests =
                cells.count > 2 ? cells[2].matches(of: /`([A-Za-z0-9]+\.[A-Za-z0-9]+)`/).map { String($0.1) } : []
            return Row(number: cells.first ?? "", tests: tests)
        }
    }

    @Test func everyNumberHasARowAndEveryTestIsThere() throws {
        let rows = try rows()
        #expect(rows.map(\.number) == (1...36).map { "S-\($0)" })
        let folder = Products.checkout + "/Tests"
        var sources: [String: [String]] = [:]
        for case let path as String in FileManager.default.enumerator(atPath: folder)?.allObjects ?? []
        where path.hasSuffix("Tests.swift") {
            let name = path.split(separator: "/").last.map { String($0.dropLast(6)) } ?? ""
            sources[name, default: []].append(try String(contentsOfFile: "\(folder)/\(path)", encoding: .utf8))
        }
        for row in rows {
            for test in row.tests {
                let parts = test.split(separator: ".").map(String.init)
                let files = sources[parts[0]] ?? []
                #expect(files.contains { $0.contains("func \(parts[1])(") }, "\(row.number): \(test)")
            }
        }
    }
}
