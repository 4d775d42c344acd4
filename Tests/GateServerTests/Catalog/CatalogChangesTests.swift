import GateBackend
import GateCore
import GateTestKit
import NIOCore
import NIOPosix
import Testing

@testable import GateServer

@Suite struct CatalogChangesTests {
    private static func with(
        _ body: (ToolCatalog, any EventLoop, Journal<String>) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let catalog = ToolCatalog(records: [], limits: ToolDefinitionCheck.Limits()) { _ in }
        let loop = group.next()
        catalog.changes.run(on: loop)
        for server in ["alpha", "beta"] { catalog.register(server) }
        var failure: (any Error)?
        do {
            try await body(catalog, loop, Journal(name: "told"))
        } catch {
            failure = error
        }
        try await group.shutdownGracefully()
        if let failure { throw failure }
    }

    private func set(_ catalog: ToolCatalog, _ server: String, _ names: [String], isStale: Bool = false) {
        catalog.set(
            tools: names.map { #"{"name":"\#($0)","inputSchema":{"type":"object"}}"# }, of: server)
    }

    private func subscribe(
        _ catalog: ToolCatalog, _ visibility: Visibility, _ name: String, _ told: Journal<String>
    ) -> EventSubscription { catalog.changes.subscribe(visibility, catalog: catalog) { _ in told.append(name) } }

    @Test func onlyThoseAreToldWhoSeeADifference() async throws {
        try await CatalogChangesTests.with { (catalog, loop, told) async throws in
            set(catalog, "alpha", ["a"])
            let all = subscribe(catalog, .all, "all", told)
            let alpha = subscribe(catalog, .servers(["alpha"]), "alpha", told)
            let beta = subscribe(catalog, .servers(["beta"]), "beta", told)
            set(catalog, "beta", ["b"])
            _ = try await told.first { $0 == "all" }
            // Whoever else is told, is told in the same turn of the loop.
            try await loop.submit {}.get()
            #expect(Set(told.all) == ["all", "beta"])
            withExtendedLifetime((all, alpha, beta)) {}
        }
    }

    @Test func aBurstIsToldOnceAndTheSameListNever() async throws {
        try await CatalogChangesTests.with { (catalog, loop, told) async throws in
            set(catalog, "alpha", ["a"])
            let all = subscribe(catalog, .all, "all", told)
            let alpha = subscribe(catalog, .servers(["alpha"]), "alpha", told)
            // Confirmed, changed and changed back: alpha offers what it offered.
            set(catalog, "alpha", ["a"], isStale: true)
            for number in 1...50 { set(catalog, "beta", ["b\(number)"]) }
            set(catalog, "alpha", ["x"])
            set(catalog, "alpha", ["a"])
            _ = try await told.first { $0 == "all" }
            try await loop.submit {}.get()
            #expect(told.all == ["all"])
            withExtendedLifetime((all, alpha)) {}
        }
    }

    @Test func eachKindIsToldByItself() async throws {
        try await CatalogChangesTests.with { (catalog, loop, told) async throws in
            catalog.set([.tools: [], .prompts: [], .resources: []], of: "alpha")
            let all = catalog.changes.subscribe(.all, catalog: catalog) { told.append("\($0.rawValue)") }
            catalog.set([.prompts: [#"{"name":"p"}"#]], of: "alpha")
            _ = try await told.first { $0 == "\(CatalogKinds.prompts.rawValue)" }
            catalog.set([.resourceTemplates: [#"{"uriTemplate":"a:{b}"}"#]], of: "alpha")
            _ = try await told.first { $0 == "\(CatalogKinds.resources.rawValue)" }
            try await loop.submit {}.get()
            #expect(told.all.count == 2)
            withExtendedLifetime(all) {}
        }
    }

    @Test func aSubscriptionEndsWhenItIsReleased() async throws {
        try await CatalogChangesTests.with { (catalog, loop, told) async throws in
            do {
                let gone = subscribe(catalog, .all, "gone", told)
                withExtendedLifetime(gone) {}
            }
            let here = subscribe(catalog, .all, "here", told)
            set(catalog, "alpha", ["a"])
            _ = try await told.first { $0 == "here" }
            try await loop.submit {}.get()
            #expect(told.all == ["here"])
            withExtendedLifetime(here) {}
        }
    }
}
