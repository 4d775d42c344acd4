import GateProtocol
import GateTestKit
import NIOHTTP1
import Testing

@testable import GateServer

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// docs/api.md names what there is.
@Suite struct APIDocumentTests {
    private func lines() throws -> [String] {
        let data = try #require(FileManager.default.contents(atPath: Products.checkout + "/docs/api.md"))
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test func everyRouteIsThereWithWhoMayUseIt() throws {
        let rows = try lines().filter { $0.hasPrefix("| [`") }
        let words: [RouteAccess: String] = [
            .open: "everybody", .data: "agents", .overview: "agents, or operator", .admin: "operator",
        ]
        for route in RouteTable.standard(ScriptedServices()).routes {
            // A row may name several paths, the later ones without what they share with the first.
            let last = "/" + (route.path.split(separator: "/").last ?? "")
            let row = rows.first { row in
                row.contains("\(route.method.rawValue) \(route.path)`") || row.contains("`\(route.path)`")
                    || (route.path.hasPrefix("/server/") && row.contains("POST /server/") && row.contains("`\(last)`"))
            }
            let found = try #require(row, "\(route.method.rawValue) \(route.path) is missing")
            #expect(found.contains("| \(words[route.access] ?? "") |"), "\(route.path): \(found)")
        }
    }

    @Test func everyCodeIsThereWithItsStatus() throws {
        let rows = try lines().filter { $0.hasPrefix("| ") && $0.dropFirst(2).first?.isNumber == true }
        for code in ErrorCode.all where code != .gatewayUnreachable {
            let row = rows.first { $0.contains("`\(code.rawValue)`") }
            let found = try #require(row, "\(code.rawValue) is missing")
            #expect(found.hasPrefix("| \(code.traits.status)"), "\(found)")
            #expect(found.contains("may be retried") == code.traits.retryable, "\(found)")
        }
    }
}
