import GateCore
import GateTestKit
import Synchronization
import Testing

@testable import GateAuth

/// When the provider is asked, and how long its keys count.
@Suite struct KeyRingTests {
    private static let start = ContinuousClock.now
    private let set: KeySet

    init() throws { set = try KeySet(Array(TestTokens.set([TestKey(.ed25519, id: "k").jwk()]).utf8)) }

    private func at(_ seconds: Int) -> Instant { Self.start.advanced(by: .seconds(seconds)) }

    @Test func unknownNamesAskOnceInHalfAMinute() {
        var ring = KeyRing(period: .seconds(3_600))
        var asked: [Int] = []
        func want(_ second: Int) -> KeyRing.Step { ring.want(now: at(second)) }
        for second in 0..<600 {
            for _ in 0..<10 {
                if want(second) == .ask {
                    asked.append(second)
                    #expect(want(second) == .wait)
                    ring.answered(set, now: at(second))
                }
            }
        }
        #expect(asked == Array(stride(from: 0, to: 600, by: 30)))
        #expect(want(599) == .refuse(.seconds(1)))
        #expect(ring.pause(now: at(599)) == .seconds(1) && ring.pause(now: at(600)) == nil)
    }

    @Test func keysOutliveAnOutageForADay() {
        var ring = KeyRing(period: .seconds(3_600))
        func tick(_ second: Int) -> Bool { ring.tick(now: at(second)) }
        #expect(tick(0))
        #expect(!tick(1), "it is being asked")
        ring.answered(set, now: at(1))
        #expect(!tick(3_600))
        #expect(tick(3_601))
        ring.answered(nil, now: at(3_602))
        #expect(!tick(3_630) && tick(3_631), "again, but not at once")
        ring.answered(nil, now: at(3_632))
        #expect(ring.current(now: at(86_401)) != nil)
        #expect(ring.current(now: at(86_402)) == nil)
        let isDue = ring.demand(now: at(86_403))
        #expect(isDue)
        ring.answered(set, now: at(86_404))
        #expect(ring.current(now: at(86_405)) != nil)
    }

    /// Many wait for one answer, and nobody waits for ever.
    @Test func oneQuestionAnswersAll() async throws {
        let set = set
        let count = Mutex(0)
        let looks = Journal<Void>(name: "looks at the clock")
        let (gate, open) = AsyncStream<Void>.makeStream()
        let now: @Sendable () -> Instant = {
            looks.append(())
            return .now
        }
        let store = KeyStore(known: nil, period: .seconds(3_600), now: now) {
            count.withLock { $0 += 1 }
            for await _ in gate { break }
            return .success(set)
        }
        async let run: Void = store.run()
        let asked = try await withThrowingTaskGroup(of: KeyStore.Search.self) { group in
            for _ in 0..<100 { group.addTask { await store.search() } }
            // Each begins with a look at the clock, and so does the question.
            _ = try await looks.first(from: 100) { _ in true }
            open.yield()
            // Whoever comes after the answer finds the keys, and need not ask.
            return try await group.reduce(into: 0) { $0 += $1 == .asked ? 1 : 0 }
        }
        #expect(asked > 0)
        #expect(count.withLock { $0 } == 1)
        #expect(store.keys != nil && store.fault == nil)
        guard case .refused(let pause) = await store.search() else {
            Issue.record("asked again at once")
            return
        }
        #expect(pause > .seconds(29) && pause <= .seconds(30))
        store.stop()
        await run
        #expect(await store.search() == .refused(retryAfter: .seconds(1)))
    }

    @Test func aFailureIsToldAndKeepsTheKeys() async throws {
        let set = set
        let store = KeyStore(known: set, period: .zero) { .failure(KeyFault("it is down")) }
        async let run: Void = store.run()
        _ = await store.search()
        #expect(store.keys != nil && store.fault == KeyFault("it is down"))
        store.stop()
        await run
    }
}
