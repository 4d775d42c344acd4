import GateBackend
import GateCore
import GateProtocol
import GateStore
import NIOCore
import Synchronization
import Testing

@testable import GateServer

@Suite struct ToolPinsTests {
    private static func entry(_ server: String, _ tools: [String: String], _ policy: IntegrityPolicy) -> CatalogEntry {
        var entry = CatalogEntry(server: server)
        var update = CatalogUpdate(
            lists: [
                .tools: ListedItems(
                    tools.sorted { $0.key < $1.key }.map { name, words in
                        ByteBuffer(
                            string: #"{"name":"\#(name)","description":"\#(words)","inputSchema":{"type":"object"}}"#)
                    })
            ])
        update.integrity = policy
        entry.take(update, limits: ToolDefinitionCheck.Limits())
        return entry
    }

    private static let block = IntegrityPolicy(onNew: .allow, onChange: .block)

    @Test func whatItKeepsIsKnownToTheNextRun() async throws {
        let store = MemoryPinStore()
        let news = Mutex<[String]>([])
        func pins() throws -> ToolPins {
            try ToolPins(store: store, clock: { 1_000 }) { told in news.withLock { $0.append(told.words) } }
        }
        let first = try pins()
        #expect(first.judge(Self.entry("s", ["a": "one", "b": "one"], Self.block)).holds.isEmpty)
        let changed = Self.entry("s", ["a": "two", "b": "one"], Self.block)
        #expect(first.judge(changed).holds.keys.map(\.text) == ["a"])
        let second = try pins()
        let verdict = second.judge(changed)
        #expect(verdict.holds["a"]?.reason == .changed && verdict.holds["b"] == nil)
        #expect(verdict.standings.doubtful == ["a"] && verdict.standings.digests.count == 2)
        #expect(
            news.withLock { $0 } == [
                "tool 'a' has changed and is hidden from agents until it is approved: stonegate approve"
            ])

        let shown = try await second.show(IntegrityQuery(), [("s", Self.block), ("other", Self.block)])
        let tool = try #require(shown["tools"]?.arrayValue?.first)
        #expect(shown["total"] == 1 && tool["seen"] == "1970-01-01T00:00:01.000Z" && tool["hidden"] == true)
        #expect(tool["differences"]?.arrayValue?.first?["before"] == "one")
        var query = IntegrityQuery()
        query.all = true
        query.limit = 1
        let all = try await second.show(query, [("s", Self.block)])
        #expect(all["total"] == 2 && all["tools"]?.arrayValue?.count == 1)

        let digest = try #require(verdict.standings.digests["a"])
        let definition = ShownDefinition(tool: ToolIdentity(server: "s", tool: "a"), digest: digest)
        let decided = try await second.decide([definition], reject: false)
        #expect(decided.map(\.isNew) == [true] && decided.first?.base != nil)
        #expect(try await second.decide([definition], reject: false).map(\.isNew) == [false])
        #expect(second.hold("s", "a", digest, Self.block) == nil)
        #expect(try pins().hold("s", "a", digest, Self.block) == nil)
        second.forget("s")
        #expect(try store.load().isEmpty)
    }

    /// What the disk does not take is tried again with the next list, and said until then.
    @Test func whatCouldNotBeKeptIsTriedAgain() async throws {
        let store = FailingPinStore()
        let pins = try ToolPins(store: store, clock: { 1 }) { _ in }
        store.fails(true)
        _ = pins.judge(Self.entry("s", ["a": "one"], Self.block))
        #expect(pins.warnings == ["definitions of tools are not kept: no room"])
        #expect(try store.load().isEmpty)
        let changed = Self.entry("s", ["a": "two"], Self.block)
        let digest = try #require(pins.judge(changed).standings.digests["a"])
        let definition = ShownDefinition(tool: ToolIdentity(server: "s", tool: "a"), digest: digest)
        await #expect(throws: GateError.self) { try await pins.decide([definition], reject: false) }
        #expect(pins.hold("s", "a", digest, Self.block) != nil, "what could not be kept is not in force")
        store.fails(false)
        _ = pins.judge(Self.entry("s", ["a": "two", "b": "one"], Self.block))
        #expect(pins.warnings.isEmpty)
        #expect(try store.load().map(\.tool) == ["a", "a", "b"])
        _ = try await pins.decide([definition], reject: false)
        #expect(pins.hold("s", "a", digest, Self.block) == nil)
    }
}

private final class FailingPinStore: PinStore {
    private let behind = MemoryPinStore()
    private let isFailing = Mutex(false)

    func fails(_ value: Bool) { isFailing.withLock { $0 = value } }

    func load() throws(StoreFailure) -> [StoredPin] { try behind.load() }

    func save(
        _ pins: [StoredPin], dropping dropped: [(server: String, tool: String, digest: DefinitionDigest)],
        then done: @escaping @Sendable (StoreFailure?) -> Void
    ) {
        if isFailing.withLock({ $0 }) { return done(.full("no room")) }
        behind.save(pins, dropping: dropped, then: done)
    }

    func decide(
        _ decisions: [(server: String, tool: String, version: PinBook.Version)]
    ) async throws(StoreFailure) {
        if isFailing.withLock({ $0 }) { throw .full("no room") }
        try await behind.decide(decisions)
    }

    func definition(
        server: String, tool: String, _ digest: DefinitionDigest
    ) async throws(StoreFailure) -> [UInt8]? { try await behind.definition(server: server, tool: tool, digest) }

    func forget(_ server: String, then done: @escaping @Sendable (StoreFailure?) -> Void) {
        behind.forget(server, then: done)
    }
}
