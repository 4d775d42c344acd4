import Foundation
import GateCore
import GateStore
import GateTestKit
import Synchronization
import Testing

/// What holds for every store of pins.
@Suite struct PinStoreTests {
    private static func digest(_ number: UInt8) -> DefinitionDigest {
        DefinitionDigest(bytes: [UInt8](repeating: number, count: 32))
    }

    private static func pin(
        _ server: String, _ tool: String, _ number: UInt8, _ standing: PinBook.Standing = .waiting,
        definition: [UInt8]? = Array("{}".utf8)
    ) -> StoredPin {
        StoredPin(
            server: server, tool: tool,
            version: PinBook.Version(digest(number), isFirst: number == 1, standing: standing, seen: Int(number)),
            definition: definition)
    }

    private static func save(
        _ pins: [StoredPin], _ store: any PinStore,
        dropping dropped: [(server: String, tool: String, digest: DefinitionDigest)] = []
    ) async -> StoreFailure? {
        await withCheckedContinuation { waiter in
            store.save(pins, dropping: dropped) { waiter.resume(returning: $0) }
        }
    }

    private func with(_ kind: StoreKind, _ body: (any PinStore) async throws -> Void) async throws {
        switch kind {
        case .memory: try await body(MemoryPinStore())
        case .sqlite:
            let directory = try TemporaryDirectory()
            let store = try SQLitePinStore(path: directory.file("pins.db")) { _ in }
            try await body(store)
            await store.close()
        }
    }

    @Test(arguments: StoreKind.allCases) func whatIsSavedIsLoaded(_ kind: StoreKind) async throws {
        try await with(kind) { store in
            let pins = [
                Self.pin("s", "a", 1, .approved), Self.pin("s", "a", 2), Self.pin("s", "b\u{0}c", 1),
                Self.pin("caf\u{E9}", "a", 1), Self.pin("cafe\u{301}", "a", 1),
            ]
            #expect(await Self.save(pins, store) == nil)
            let known = pins.map { StoredPin(server: $0.server, tool: $0.tool, version: $0.version, definition: nil) }
            #expect(try store.load() == known)
            #expect(try await store.definition(server: "s", tool: "a", Self.digest(2)) == Array("{}".utf8))
            #expect(try await store.definition(server: "s", tool: "a", Self.digest(3)) == nil)

            var decided = pins[1].version
            decided.standing = .rejected
            decided.decided = 77
            try await store.decide([("s", "a", decided)])
            #expect(try store.load()[1].version == decided)
            #expect(try await store.definition(server: "s", tool: "a", Self.digest(2)) == Array("{}".utf8))

            #expect(await Self.save([], store, dropping: [("s", "a", Self.digest(1))]) == nil)
            await withCheckedContinuation { waiter in store.forget("cafe\u{301}") { _ in waiter.resume() } }
            #expect(try store.load().map(\.server) == ["s", "s", "caf\u{E9}"])
        }
    }

    @Test func aLargeDefinitionIsKnownByItsDigestAlone() {
        let large = [UInt8](repeating: 0x20, count: StoredPin.mostBytes + 1)
        #expect(Self.pin("s", "a", 1, definition: large).definition == nil)
    }

    @Test func itSurvivesTheProcessAndDamage() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("pins.db")
        let store = try SQLitePinStore(path: path) { _ in }
        let pins = (1...200).map { Self.pin("s", "tool \($0)", 1, .approved) }
        #expect(await Self.save(pins, store) == nil)
        await store.close()
        let again = try SQLitePinStore(path: path) { _ in }
        #expect(try again.load().map(\.tool) == pins.map(\.tool))
        await again.close()

        var bytes = try [UInt8](Data(contentsOf: URL(filePath: path)))
        for index in bytes.indices.suffix(6_000) { bytes[index] = 0xFF }
        try Data(bytes).write(to: URL(filePath: path))
        let report = Mutex("")
        let salvaged = try SQLitePinStore(path: path) { text in report.withLock { $0 = text } }
        #expect(report.withLock { $0 }.contains("is damaged"))
        let kept = try salvaged.load()
        #expect(!kept.isEmpty && kept.count < 200 && kept.allSatisfy { $0.version.standing == .approved })
        await salvaged.close()
    }

    @Test func aDecisionAboutWhatIsNotKeptFails() async throws {
        let directory = try TemporaryDirectory()
        let store = try SQLitePinStore(path: directory.file("pins.db")) { _ in }
        await #expect(throws: StoreFailure.self) {
            try await store.decide([("s", "a", Self.pin("s", "a", 1, .approved).version)])
        }
        await store.close()
    }
}
