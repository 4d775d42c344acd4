import GateTestKit
import Testing

@testable import GateCore

@Suite struct AdmissionQueueTests {
    private let now = ContinuousClock.now
    private var later: Instant { now.advanced(by: .seconds(30)) }

    private func queue(_ inFlight: Int, _ queue: Int) -> AdmissionQueue {
        AdmissionQueue(limits: .init(inFlight: inFlight, queue: queue))
    }

    @Test func runsWaitsAndRefuses() {
        var queue = queue(2, 2)
        let decisions = (1...5).map { queue.enter(id: $0, principal: "a", deadline: later, now: now) }
        #expect(decisions == [.run, .run, .wait, .wait, .reject(retryAfter: .seconds(1))])
        #expect(queue.inFlight == 2 && queue.waiting == 2 && queue.statistics.rejected == 1)
        #expect(queue.leave(now: now.advanced(by: .seconds(2))) == 3)
        #expect(queue.leave(now: now.advanced(by: .seconds(4))) == 4)
        #expect(queue.leave(now: now) == nil)
        #expect(queue.leave(now: now) == nil)
        #expect(queue.inFlight == 0)
        #expect(queue.statistics.waited == 2 && queue.statistics.longestWait == .seconds(4))
        #expect(queue.statistics.averageWait == .seconds(3) && queue.statistics.mostWaiting == 2)
        #expect(queue.inFlight == 0, "one leave too many does no harm")
    }

    @Test func principalsTakeTurns() {
        var queue = queue(1, 100)
        _ = queue.enter(id: 0, principal: "x", deadline: later, now: now)
        for id in 1...4 as ClosedRange<UInt64> { _ = queue.enter(id: id, principal: "a", deadline: later, now: now) }
        _ = queue.enter(id: 10, principal: "b", deadline: later, now: now)
        _ = queue.enter(id: 20, principal: "c", deadline: later, now: now)
        _ = queue.enter(id: 11, principal: "b", deadline: later, now: now)
        let order = (0..<7).map { _ in queue.leave(now: now) }
        #expect(order == [1, 10, 20, 2, 11, 3, 4])
    }

    @Test func cancelledOnesAreSkipped() {
        var queue = queue(1, 100)
        for id in 0...5 as ClosedRange<UInt64> {
            _ = queue.enter(id: id, principal: id % 2 == 0 ? "even" : "odd", deadline: later, now: now)
        }
        let cancelled = [1, 5, 5, 0].map { queue.cancel(id: $0) }
        #expect(cancelled == [true, true, false, false], "5 was gone already, 0 runs")
        let order = (0..<4).map { _ in queue.leave(now: now) }
        #expect(order == [3, 2, 4, nil])
        #expect(queue.statistics.cancelled == 2)
    }

    @Test func deadlinesExpire() {
        var queue = queue(1, 100)
        for id in 0...4 as ClosedRange<UInt64> {
            _ = queue.enter(id: id, principal: "a", deadline: now.advanced(by: .seconds(Int(id))), now: now)
        }
        #expect(queue.nextExpiry == now.advanced(by: .seconds(1)))
        #expect(queue.expire(now: now) == [])
        #expect(queue.expire(now: now.advanced(by: .seconds(2))).sorted() == [1, 2])
        #expect(queue.nextExpiry == now.advanced(by: .seconds(3)) && queue.statistics.expired == 2)
        #expect(queue.enter(id: 9, principal: "a", deadline: now, now: now) == .reject(retryAfter: .seconds(1)))
        #expect(queue.removeAllWaiting().sorted() == [3, 4])
        #expect(queue.nextExpiry == nil && queue.waiting == 0 && queue.inFlight == 1)
    }

    @Test func retryAfterFollowsThePace() {
        var queue = queue(1, 4)
        for id in 0...4 as ClosedRange<UInt64> { _ = queue.enter(id: id, principal: "a", deadline: later, now: now) }
        for second in 0..<5 {
            _ = queue.leave(now: now.advanced(by: .seconds(2 * second)))
            _ = queue.enter(id: UInt64(100 + second), principal: "a", deadline: later, now: now)
        }
        #expect(queue.enter(id: 7, principal: "a", deadline: later, now: now) == .reject(retryAfter: .seconds(10)))
    }

    @Test func aSecondCallWithTheSameIDIsRefused() {
        var queue = queue(1, 10)
        _ = queue.enter(id: 0, principal: "a", deadline: later, now: now)
        #expect(queue.enter(id: 1, principal: "a", deadline: later, now: now) == .wait)
        #expect(queue.enter(id: 1, principal: "b", deadline: later, now: now) == .reject(retryAfter: .seconds(1)))
        #expect(queue.waiting == 1)
    }

    @Test func newLimitsLetMoreRun() {
        var queue = queue(1, 10)
        for id in 0...3 as ClosedRange<UInt64> { _ = queue.enter(id: id, principal: "a", deadline: later, now: now) }
        #expect(queue.setLimits(.init(inFlight: 3, queue: 10), now: now) == [1, 2])
        #expect(queue.setLimits(.init(inFlight: 1, queue: 0), now: now) == [])
        let order = (0..<3).map { _ in queue.leave(now: now) }
        #expect(order == [nil, nil, 3])
    }

    /// Against a simple model: nobody is lost, run twice or kept waiting beside a free slot, and each principal's
    /// calls run in their order.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func model(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var queue = queue(4, 20)
        var time = now
        var running: Set<UInt64> = []
        var line: [(id: UInt64, principal: ExactText, deadline: Instant)] = []
        for id in 0..<3_000 as Range<UInt64> {
            time = time.advanced(by: .milliseconds(Int.random(in: 0..<5, using: &random)))
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let principal = ExactText("p\(Int.random(in: 0..<5, using: &random))")
                let deadline = time.advanced(by: .milliseconds(Int.random(in: 1..<200, using: &random)))
                switch queue.enter(id: id, principal: principal, deadline: deadline, now: time) {
                case .run:
                    #expect(running.count < 4 && line.isEmpty)
                    running.insert(id)
                case .wait:
                    #expect(running.count == 4 && line.count < 20)
                    line.append((id, principal, deadline))
                case .reject: #expect(line.count == 20)
                }
            case 5..<8:
                guard let over = running.randomElement(using: &random) else { continue }
                running.remove(over)
                let next = queue.leave(now: time)
                #expect((next == nil) == line.isEmpty)
                guard let next, let at = line.firstIndex(where: { $0.id == next }) else { continue }
                #expect(!line[..<at].contains { $0.principal == line[at].principal })
                line.remove(at: at)
                running.insert(next)
            case 8:
                guard let one = line.randomElement(using: &random) else { continue }
                #expect(queue.cancel(id: one.id) == true)
                line.removeAll { $0.id == one.id }
            default:
                let late = line.filter { $0.deadline <= time }.map(\.id)
                #expect(queue.expire(now: time).sorted() == late.sorted())
                line.removeAll { late.contains($0.id) }
                #expect((queue.nextExpiry ?? time) <= line.map(\.deadline).min() ?? time)
            }
            #expect(queue.waiting == line.count && queue.inFlight == running.count)
        }
    }
}
