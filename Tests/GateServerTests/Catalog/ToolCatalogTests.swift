import GateBackend
import GateCore
import GateProtocol
import NIOCore
import Synchronization
import Testing

@testable import GateServer

@Suite struct ToolCatalogTests {
    private func catalog(
        _ records: [NameBook.Record] = [], onNames: @escaping @Sendable ([NameBook.Record]) -> Void = { _ in }
    ) -> ToolCatalog {
        ToolCatalog(records: records, limits: ToolDefinitionCheck.Limits()) { names in
            if case .tools(let records) = names { onNames(records) }
        }
    }

    private func tool(_ name: String, more: String = "") -> String {
        #"{"name":"\#(name)","inputSchema":{"type":"object","properties":{}}\#(more)}"#
    }

    private func set(
        _ catalog: ToolCatalog, _ server: String, _ tools: [String], filter: ToolFilter = .all, isStale: Bool = false
    ) {
        catalog.register(server)
        catalog.set(tools: tools, of: server, filter: filter, isStale: isStale)
    }

    private func names(_ catalog: ToolCatalog) -> [String] { catalog.snapshot.tools.map(\.name) }

    private func listing(
        _ catalog: ToolCatalog, _ visibility: Visibility = .all, _ era: ProtocolEra = .modern
    ) -> String { String(buffer: catalog.snapshot.listing(.tools, visibility, ListForm(era: era))) }

    @Test func theLaterOfTwoEqualNamesIsRenamed() throws {
        let catalog = catalog()
        set(catalog, "alpha", [tool("search"), tool("read")])
        set(catalog, "beta", [tool("search"), tool("Search"), tool("write")])
        #expect(names(catalog).prefix(3) == ["search", "read", "beta_search"])
        #expect(Set(names(catalog)).count == 5)
        #expect(try catalog.resolve("search", .all) == ToolTarget(server: "alpha", tool: "search"))
        #expect(try catalog.resolve("beta_search", .all) == ToolTarget(server: "beta", tool: "search"))
        #expect(try catalog.resolve("beta/search", .all) == ToolTarget(server: "beta", tool: "search"))
        // Who sees one server only means its tool.
        #expect(try catalog.resolve("search", .servers(["beta"])) == ToolTarget(server: "beta", tool: "search"))
    }

    @Test func aNameOnceGivenStays() throws {
        let saved = Mutex<[NameBook.Record]>([])
        let first = catalog { records in saved.withLock { $0 = records } }
        set(first, "alpha", [tool("search")])
        set(first, "beta", [tool("search")])
        // Another order at the next start, and alpha's tool is gone for a while.
        let second = catalog(saved.withLock { $0 })
        set(second, "beta", [tool("search")])
        #expect(names(second) == ["beta_search"])
        set(second, "alpha", [])
        #expect(throws: GateError.self) { try second.resolve("search", .servers(["alpha"])) }
        set(second, "alpha", [tool("search")])
        #expect(names(second) == ["beta_search", "search"])
    }

    @Test func oneBadToolDoesNotSpoilTheList() throws {
        let catalog = catalog()
        let deep = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
        set(
            catalog, "alpha",
            [
                tool("first"), "", "null", "[]", "{", #"{"inputSchema":{"type":"object"}}"#,
                #"{"name":7,"inputSchema":{"type":"object"}}"#, #"{"name":"","inputSchema":{"type":"object"}}"#,
                tool("deep", more: #","x":\#(deep)"#), tool("twice"), tool("twice"),
                #"{"name":"a","name":"b","inputSchema":{"type":"object"}}"#, tool("last"),
            ])
        #expect(names(catalog) == ["first", "twice", "last"])
        let entry = try #require(catalog.entry("alpha"))
        #expect(entry.dropped.count == 10)
        #expect(entry.dropped.contains("twice: the server lists this name twice"))
        let listed = try JSONValue(parsing: listing(catalog))
        #expect(listed.arrayValue?.count == 3)
    }

    @Test func aToolThatNeedsNoChangeIsListedByteForByte() throws {
        let odd =
            #"{ "name" : "o\u0064d", "inputSchema":{"type":"object","properties":{"n":{"default":1.10}}},"x":1E2 }"#
        let catalog = catalog()
        set(catalog, "alpha", [odd, tool("plain")])
        #expect(listing(catalog) == "[\(odd),\(tool("plain"))]")
        // With another name only the name's bytes differ.
        set(catalog, "beta", [odd])
        let renamed = odd.replacing(#""o\u0064d""#, with: #""beta_odd""#)
        #expect(listing(catalog, .servers(["beta"])) == "[\(renamed)]")
        #expect(catalog.snapshot.tool(named: "beta_odd").map { String(buffer: $0.original) } == odd)
    }

    @Test func olderClientsGetNoOutputSchemaThatIsNoObject() throws {
        let array = tool("list", more: #","outputSchema":{"type":"array","items":{"type":"string"}}"#)
        let object = tool("one", more: #","outputSchema":{"type":"object","properties":{}}"#)
        let catalog = catalog()
        set(catalog, "alpha", [array, object])
        #expect(listing(catalog) == "[\(array),\(object)]")
        #expect(listing(catalog, .all, .legacy) == "[\(tool("list")),\(object)]")
    }

    @Test func aListIsStaleUntilItIsConfirmed() throws {
        let catalog = catalog()
        set(catalog, "alpha", [tool("read")], isStale: true)
        #expect(catalog.entry("alpha")?.isStale == true)
        #expect(names(catalog) == ["read"])
        set(catalog, "alpha", [tool("read"), tool("write")])
        #expect(catalog.entry("alpha")?.isStale == false)
        #expect(names(catalog) == ["read", "write"])
    }

    @Test func hiddenToolsDoNotExist() throws {
        let catalog = catalog()
        let filter = try ToolFilter(allow: [ToolPattern("read*")], deny: [ToolPattern("read_secret")])
        set(catalog, "alpha", [tool("read"), tool("read_secret"), tool("write")], filter: filter)
        #expect(names(catalog) == ["read"])
        #expect(catalog.entry("alpha")?.hidden == 2)
        for name in ["write", "read_secret", "alpha/write"] {
            #expect(throws: GateError.self) { try catalog.resolve(name, .all) }
        }
    }

    @Test func aServerThatIsGoneTakesItsToolsAlong() throws {
        let catalog = catalog()
        set(catalog, "alpha", [tool("read")])
        set(catalog, "beta", [tool("write")])
        catalog.remove("alpha")
        #expect(names(catalog) == ["write"])
        #expect(catalog.entry("alpha") == nil)
        // A list that was under way when the server was removed.
        catalog.set(tools: [tool("read")], of: "alpha")
        #expect(names(catalog) == ["write"])
        #expect(throws: GateError.self) { try catalog.resolve(server: "alpha", tool: "read", .all) }
    }

    /// `String` holds the Kelvin sign and K for equal; one caller's list must not be another's.
    @Test func namesThatOnlyLookAlikeAreOthers() throws {
        let kelvin = "\u{212A}"
        #expect(Visibility(servers: ["K"]) != Visibility(servers: [kelvin]))
        let catalog = catalog()
        set(catalog, "K", [tool("read")])
        #expect(listing(catalog, Visibility(servers: [kelvin])) == "[]")
        #expect(listing(catalog, Visibility(servers: ["K"])) == "[\(tool("read"))]")
        #expect(listing(catalog, Visibility(servers: [kelvin])) == "[]")
    }

    @Test func callersCannotFillTheMemoryWithLists() throws {
        let catalog = catalog()
        set(catalog, "alpha", [tool("read")])
        for number in 0..<2_000 { #expect(listing(catalog, .servers(["s\(number)"])) == "[]") }
        #expect(listing(catalog) == "[\(tool("read"))]")
    }
}
