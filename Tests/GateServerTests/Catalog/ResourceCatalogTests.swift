import GateBackend
import GateCore
import GateProtocol
import NIOCore
import Synchronization
import Testing

@testable import GateServer

/// Resources, templates and prompts of several servers in one catalog.
@Suite struct ResourceCatalogTests {
    private func catalog(_ prompts: [NameBook.Record] = []) -> ToolCatalog {
        ToolCatalog(records: [], prompts: prompts, limits: ToolDefinitionCheck.Limits()) { _ in }
    }

    private func resource(_ uri: String) -> String { (["uri": .string(uri), "name": "n"] as JSONValue).text }
    private func template(_ uri: String) -> String { (["uriTemplate": .string(uri), "name": "n"] as JSONValue).text }
    private func prompt(_ name: String) -> String { (["name": .string(name)] as JSONValue).text }

    private func set(
        _ catalog: ToolCatalog, _ server: String, uris: [String] = [], templates: [String] = [],
        prompts: [String] = [], filters: CatalogFilters = .none
    ) {
        catalog.register(server)
        catalog.set(
            [
                .tools: [], .resources: uris.map(resource), .resourceTemplates: templates.map(template),
                .prompts: prompts.map(prompt),
            ], of: server, filters: filters)
    }

    private func names(_ catalog: ToolCatalog, _ kind: ListKind, _ visibility: Visibility = .all) throws -> [String] {
        let text = catalog.snapshot.listing(kind, visibility, ListForm(era: .modern))
        let member = kind == .prompts ? "name" : kind == .resources ? "uri" : "uriTemplate"
        let list = try JSONValue(parsing: Array(buffer: text)).arrayValue ?? []
        return list.compactMap { $0[member]?.stringValue }
    }

    private func read(_ catalog: ToolCatalog, _ uri: String, _ visibility: Visibility = .all) -> String {
        do throws(GateError) {
            let target = try catalog.snapshot.resolve(resource: uri, visibility)
            return "\(target.server) \(target.uri)"
        } catch {
            return error.code.rawValue
        }
    }

    @Test func theFirstOfTwoKeepsTheURI() throws {
        let catalog = catalog()
        set(catalog, "alpha", uris: ["a:1", "HTTP://X"], templates: ["t:{x}"])
        set(catalog, "beta", uris: ["a:1", "http://x/", "b:1"], templates: ["t:{x}", "u:{x}"])
        #expect(
            try names(catalog, .resources)
                == ["a:1", "HTTP://X", "stonegate:beta/a:1", "stonegate:beta/http://x/", "b:1"])
        #expect(
            try names(catalog, .resourceTemplates) == ["t:{x}", "stonegate:beta/t:{x}", "u:{x}"])
        #expect(read(catalog, "a:1") == "alpha a:1")
        #expect(read(catalog, "stonegate:beta/a:1") == "beta a:1")
        #expect(read(catalog, "stonegate:beta/http://x/") == "beta http://x/")
        #expect(read(catalog, "http://x/") == "beta http://x/")
        #expect(read(catalog, "http://x") == "alpha HTTP://X")
        #expect(read(catalog, "t:7") == "alpha t:7")
        #expect(read(catalog, "stonegate:beta/t:7") == "beta t:7")
        #expect(read(catalog, "u:7") == "beta u:7")
        #expect(read(catalog, "a:1", .servers(["beta"])) == "beta a:1")
        #expect(read(catalog, "a:1", .server("beta")) == "beta a:1")
        #expect(try names(catalog, .resources, .server("beta")) == ["a:1", "http://x/", "b:1"])
        #expect(read(catalog, "c:1") == "RESOURCE_NOT_FOUND")
        // Who is alone is asked for what nobody has listed.
        #expect(read(catalog, "c:1", .server("beta")) == "beta c:1")
        #expect(read(catalog, "stonegate:beta/c:1") == "beta c:1")
        #expect(read(catalog, "stonegate:alpha/b:1", .servers(["beta"])) == "beta stonegate:alpha/b:1")
        #expect(catalog.snapshot.hasDisplacedURIs("beta"))
        #expect(!catalog.snapshot.hasDisplacedURIs("alpha"))
        catalog.remove("alpha")
        #expect(try names(catalog, .resources) == ["a:1", "http://x/", "b:1"])
    }

    @Test func ofTwoTemplatesTheOneThatSaysMoreCounts() {
        let catalog = catalog()
        set(catalog, "alpha", templates: ["x:{+any}"])
        set(catalog, "beta", templates: ["x:b/{id}"])
        #expect(read(catalog, "x:b/7") == "beta x:b/7")
        #expect(read(catalog, "x:c/7") == "alpha x:c/7")
    }

    @Test func untilAServerIsHeardOfNobodyKnowsWhatItHas() throws {
        let catalog = catalog()
        set(catalog, "alpha", uris: ["a:1"], prompts: ["p"])
        catalog.register("late")
        #expect(read(catalog, "c:1") == "STARTING")
        #expect(read(catalog, "a:1") == "alpha a:1")
        #expect(read(catalog, "stonegate:late/c:1") == "late c:1")
        #expect(catalog.snapshot.offers(.all) == .all)
        #expect(catalog.snapshot.offers(.servers(["alpha"])).isSuperset(of: [.resources, .prompts]))
        #expect(!catalog.snapshot.offers(.servers(["alpha"])).contains(.completions))
        #expect(throws: GateError.self) { try catalog.resolve(prompt: "q", .all) }
        // Nothing is expected of what is disabled.
        catalog.register("late", isEnabled: false)
        #expect(!catalog.snapshot.offers(.all).contains(.completions))
        #expect(read(catalog, "c:1") == "alpha c:1")
    }

    @Test func promptsHaveNamesForEver() throws {
        let saved = Mutex<[NameBook.Record]>([])
        let first = ToolCatalog(records: [], limits: ToolDefinitionCheck.Limits()) { names in
            if case .prompts(let records) = names { saved.withLock { $0 = records } }
        }
        set(first, "alpha", prompts: ["review"])
        set(first, "beta", prompts: ["review"])
        #expect(try names(first, .prompts) == ["review", "beta_review"])
        let second = catalog(saved.withLock { $0 })
        set(second, "beta", prompts: ["review"])
        set(second, "alpha", prompts: ["review"])
        #expect(try names(second, .prompts) == ["beta_review", "review"])
        #expect(try second.resolve(prompt: "review", .all) == ToolTarget(server: "alpha", tool: "review"))
        #expect(try second.resolve(prompt: "beta/review", .all) == ToolTarget(server: "beta", tool: "review"))
        #expect(try second.resolve(prompt: "review", .server("beta")) == ToolTarget(server: "beta", tool: "review"))
        #expect(try names(second, .prompts, .server("beta")) == ["review"])
    }

    @Test func whatIsHiddenIsNotThere() throws {
        let catalog = catalog()
        let filter = ToolFilter(allow: [], deny: [try ToolPattern("file:///secret*")])
        set(
            catalog, "alpha", uris: ["file:///open", "file:///secret/a"], templates: ["file:///{+path}"],
            filters: CatalogFilters(resources: filter))
        #expect(try names(catalog, .resources) == ["file:///open"])
        #expect(read(catalog, "file:///other") == "alpha file:///other")
        for uri in ["file:///secret/a", "FILE:///secret/b", "file:///x/../secret/a", "file:///s%65cret/a"] {
            #expect(read(catalog, uri) == "RESOURCE_NOT_FOUND", "\(uri)")
            #expect(read(catalog, "stonegate:alpha/\(uri)") == "RESOURCE_NOT_FOUND", "\(uri)")
        }
    }

    /// Whatever servers list: everything that is listed leads back to the one that has it.
    @Test func whatIsListedIsFound() throws {
        var random = SystemRandomNumberGenerator()
        let uris = ["a:1", "a:2", "http://x", "http://X/", "http://x/y", "stonegate:s1/a:1", "b://q/é", "b://q/%C3%A9"]
        let templates = ["a:{x}", "b://{+x}", "http://{x}", "stonegate:s1/{x}"]
        for _ in 0..<300 {
            let catalog = catalog()
            for server in ["s1", "s2", "s3"] {
                set(
                    catalog, server, uris: uris.filter { _ in Bool.random(using: &random) },
                    templates: templates.filter { _ in Bool.random(using: &random) })
            }
            let snapshot = catalog.snapshot
            let exposed = snapshot.resources.resources
            #expect(Set(exposed.map { Array($0.name.utf8) }).count == exposed.count)
            for item in exposed {
                #expect(read(catalog, item.name) == "\(item.item.server) \(item.item.key)", "\(item.name)")
                let target = ResourceTarget(server: item.item.server, uri: item.item.key)
                #expect(snapshot.exposedURI(target, .all) == item.name)
            }
            for item in snapshot.resources.templates {
                let target = try snapshot.resolve(template: item.name, .all)
                #expect(target == ResourceTarget(server: item.item.server, uri: item.item.key))
            }
        }
    }

    @Test func pagesAreOfOneList() throws {
        let catalog = catalog()
        set(catalog, "alpha", uris: (0..<5).map { "a:\($0)" })
        func page(_ cursor: String?, size: Int = 2) throws(GateError) -> CatalogPage {
            try catalog.snapshot.page(.resources, .all, ListForm(era: .modern), cursor: cursor, size: size, now: .now)
        }
        var seen: [String] = []
        var cursor: String?
        repeat {
            let next = try page(cursor)
            seen += (try JSONValue(parsing: Array(buffer: next.items)).arrayValue ?? [])
                .compactMap { $0["uri"]?.stringValue }
            cursor = next.next
        } while cursor != nil
        #expect(seen == (0..<5).map { "a:\($0)" })
        let old = try #require(try page(nil).next)
        set(catalog, "beta", uris: ["b:1"])
        for bad in [old, "", "x", "-", "zz-1", old + "0", "0-0"] {
            #expect(throws: GateError.self) { try page(bad) }
        }
        #expect(throws: GateError.self) { try page("0-0", size: 0) }
        #expect(try page(nil, size: 0).next == nil)
    }

    @Test func theShortestTimeCounts() {
        let catalog = catalog()
        let now = Instant.now
        func take(_ server: String, _ seconds: Int?) {
            catalog.register(server)
            let terms = seconds.map { CacheTerms(freshUntil: now.advanced(by: .seconds($0)), isPublic: true) }
            let update = CatalogUpdate(lists: [.tools: ListedItems([], terms: terms)], offers: .tools)
            catalog.take(update, of: server)
        }
        take("alpha", 60)
        take("beta", 20)
        func ttl(_ visibility: Visibility = .all) -> Int? { catalog.snapshot.terms(.tools, visibility)?.ttl(now: now) }
        #expect(ttl() == 20_000)
        #expect(ttl(.servers(["alpha"])) == 60_000)
        #expect(catalog.snapshot.terms(.tools, .all)?.ttl(now: now.advanced(by: .seconds(30))) == 0)
        take("legacy", nil)
        #expect(ttl() == nil)
        // It has no prompts, so it has no say in them.
        #expect(catalog.snapshot.terms(.prompts, .all) == nil)
    }

    @Test func instructionsAreBoundedAndNamed() {
        let catalog = catalog()
        for number in 0..<10 {
            catalog.register("s\(number)")
            catalog.set(
                [.tools: []], of: "s\(number)", instructions: number == 3 ? "  " : String(repeating: "é", count: 4_000))
        }
        let words = catalog.snapshot.instructions(.all)
        #expect(words.utf8.count <= ServerInstructions.maxTotal + 10 * 16)
        #expect(words.contains("## s0\né") && words.contains("é…") && !words.contains("## s3"))
        #expect(catalog.snapshot.instructions(.server("s0")).utf8.count <= ServerInstructions.maxServer + 3)
    }

    @Test func whatIsKnownSurvivesARestart() throws {
        var update = CatalogUpdate(
            lists: [.tools: ListedItems([]), .resources: ListedItems([ByteBuffer(string: resource("a:1"))])],
            offers: [.tools, .resources, .logging])
        update.title = "T"
        update.instructions = "I"
        let read = CatalogUpdate(saved: .object(update.saved))
        #expect(read.offers == update.offers)
        #expect(read.title == "T" && read.instructions == "I")
        #expect(read.lists[.resources]?.definitions == update.lists[.resources]?.definitions)
        #expect(read.lists[.tools]?.definitions.isEmpty == true)
        #expect(read.lists[.prompts] == nil)
    }
}
