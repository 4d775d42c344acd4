import GateCore
import GateTestKit
import Testing

@Suite struct AsyncCallStateTests {
    @Test func aCallRunsAndEndsWhenItsEndIsKept() {
        var call = AsyncCallState(now: 100)
        #expect(call.status == .queued)
        #expect(call.event(.begins, now: 105) == .keepIntent)
        // Until that lies in the store it is not sent: its owner sees it wait, the store gets to know that it runs.
        #expect(call.status == .queued && call.keptStatus == .running)
        #expect(call.event(.began, now: 110) == .tell)
        #expect(call.event(.ended(.complete), now: 120) == .keep(.complete))
        #expect(call.status == .running)
        #expect(call.isDecided)
        #expect(call.updatedAt == 110)
        #expect(call.event(.kept(true), now: 130) == .publish(.complete))
        #expect(call.status == .complete)
        #expect(call.updatedAt == 130)
        #expect(call.createdAt == 100)
    }

    @Test func questionsComeAndGo() {
        var call = AsyncCallState(now: 0)
        #expect(call.event(.asked(1), now: 1) == .nothing)
        begin(&call, now: 1)
        #expect(call.event(.asked(1), now: 2) == .tell)
        #expect(call.status == .inputRequired)
        #expect(call.event(.asked(2), now: 3) == .tell)
        #expect(call.event(.asked(0), now: 4) == .tell)
        #expect(call.status == .running)
        #expect(call.event(.asked(0), now: 5) == .nothing)
    }

    @Test func aCancellationStopsOnlyWhatHasBegun() {
        var waiting = AsyncCallState(now: 0)
        #expect(waiting.event(.cancelled, now: 1) == .keep(.cancelled))
        var running = AsyncCallState(now: 0)
        begin(&running, now: 1)
        #expect(running.event(.cancelled, now: 2) == .stopAndKeep(.cancelled))
        #expect(running.event(.ended(.complete), now: 3) == .nothing)
        #expect(running.event(.cancelled, now: 3) == .nothing)
        #expect(running.event(.kept(true), now: 4) == .publish(.cancelled))
    }

    @Test func anEndThatCouldNotBeKeptIsNotPromised() {
        var call = AsyncCallState(now: 0)
        begin(&call, now: 1)
        _ = call.event(.ended(.complete), now: 2)
        #expect(call.event(.kept(false), now: 3) == .publish(.outcomeUnknown))
        #expect(call.status == .outcomeUnknown)
    }

    @Test func whatBeginsCanStillBeCancelledUnsent() {
        var call = AsyncCallState(now: 0)
        #expect(call.event(.began, now: 1) == .nothing)
        _ = call.event(.begins, now: 1)
        #expect(call.event(.begins, now: 1) == .nothing)
        #expect(call.event(.cancelled, now: 2) == .keep(.cancelled))
        #expect(call.event(.began, now: 3) == .nothing)
        #expect(call.status == .queued)
    }

    @Test func whatWasNotSentWaitsAgain() {
        var call = AsyncCallState(now: 0)
        begin(&call, now: 1)
        let revision = call.revision
        #expect(call.event(.postponed, now: 2) == .tell)
        #expect(call.status == .queued && call.keptStatus == .queued && call.revision > revision)
        #expect(call.event(.begins, now: 3) == .keepIntent)
        _ = call.event(.began, now: 3)
        _ = call.event(.asked(1), now: 4)
        #expect(call.event(.postponed, now: 5) == .nothing)
    }

    @Test func aCallOfAnEarlierRunGoesOnWhereItWas() {
        var waiting = AsyncCallState(isQueued: true, createdAt: 5, updatedAt: 7, revision: 3)
        #expect(waiting.status == .queued && waiting.createdAt == 5 && waiting.updatedAt == 7)
        _ = waiting.event(.begins, now: 6)
        #expect(waiting.revision == 4 && waiting.updatedAt == 7)
        #expect(AsyncCallState(isQueued: false, createdAt: 5, updatedAt: 7, revision: 3).status == .running)
    }

    private func begin(_ call: inout AsyncCallState, now: Int) {
        #expect(call.event(.begins, now: now) == .keepIntent)
        #expect(call.event(.began, now: now) == .tell)
    }

    @Test func timeDoesNotRunBackwards() {
        var call = AsyncCallState(now: 500)
        begin(&call, now: 10)
        #expect(call.updatedAt == 500)
    }

    /// Whatever happens in whatever order: one end, published once, and nothing after it.
    @Test func anySequenceOfEventsHasOneEnd() {
        for seed in 0..<4_000 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            var call = AsyncCallState(now: 0)
            var published: [AsyncCallEnd] = []
            var decided: [AsyncCallEnd] = []
            var revision = call.revision
            var seen = call.status
            for step in 1...Int.random(in: 1...40, using: &random) {
                let event = AsyncCallStateTests.event(&random)
                let before = call
                let action = call.event(event, now: step)
                switch action {
                case .nothing: #expect(call == before, "seed \(seed)")
                case .tell, .keepIntent: #expect(call.status.end == nil, "seed \(seed)")
                case .keep(let end), .stopAndKeep(let end): decided.append(end)
                case .publish(let end): published.append(end)
                }
                #expect(call.revision >= revision)
                revision = call.revision
                if seen.end != nil { #expect(call.status == seen, "seed \(seed): an end has changed") }
                seen = call.status
            }
            #expect(decided.count <= 1, "seed \(seed)")
            #expect(published.count <= 1, "seed \(seed)")
            #expect((seen.end != nil) == (published.count == 1), "seed \(seed)")
            if let shown = published.first, shown != .outcomeUnknown { #expect(decided == [shown]) }
        }
    }

    private static func event(_ random: inout SeededGenerator) -> AsyncCallState.Event {
        switch Int.random(in: 0..<7, using: &random) {
        case 0: .began
        case 5: .begins
        case 6: .postponed
        case 1: .asked(Int.random(in: 0...2, using: &random))
        case 2: .cancelled
        case 3: .ended(AsyncCallEnd.allCases.randomElement(using: &random) ?? .failed)
        default: .kept(Bool.random(using: &random))
        }
    }
}
