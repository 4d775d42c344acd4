import GateCore
import NIOCore
import Testing

@testable import GateBackend

/// What has left, what may have, and what certainly has not.
struct StdioOutboxTests {
    private let start = ContinuousClock.now

    private func body(_ size: Int) -> ByteBuffer { ByteBuffer(repeating: 0x78, count: size) }

    private func outbox(_ sizes: Int...) -> StdioOutbox {
        var outbox = StdioOutbox()
        for (index, size) in sizes.enumerated() {
            let isTaken = outbox.add(UInt64(index + 1), body(size))
            #expect(isTaken)
        }
        return outbox
    }

    private func handOver(_ outbox: inout StdioOutbox) -> [Int] {
        var sizes: [Int] = []
        while let body = outbox.next() { sizes.append(body.readableBytes) }
        return sizes
    }

    @Test func handsOverAWindowAndKeepsTheRest() {
        // The last is small enough, but does not overtake.
        var outbox = outbox(40_000, 20_000, 10_000, 10)
        #expect(handOver(&outbox) == [40_000, 20_000])
        outbox.wrote()
        #expect(handOver(&outbox) == [10_000, 10])
        #expect(outbox.handedBytes == 30_010)
        #expect(outbox.waitingBytes == 0)
    }

    @Test func oneMessageLargerThanTheWindowPassesAlone() {
        var outbox = outbox(1 << 20, 1 << 20)
        #expect(handOver(&outbox) == [1 << 20])
        outbox.wrote()
        #expect(handOver(&outbox) == [1 << 20])
    }

    @Test func isBounded() {
        let part = StdioOutbox.capacity / 4
        var full = outbox(part, part, part, part)
        let fifth = full.add(5, body(1))
        #expect(!fifth)
        var alone = outbox(StdioOutbox.capacity + 1)
        let second = alone.add(2, body(1))
        #expect(!second)
    }

    @Test func takesBackWhatHasNotLeft() {
        var outbox = outbox(60_000, 60_000, 5)
        #expect(handOver(&outbox) == [60_000])
        #expect(outbox.withdraw(2) == .withdrawn)
        #expect(outbox.withdraw(1) == .leaving)
        #expect(outbox.withdraw(9) == .gone)
        outbox.wrote()
        #expect(outbox.withdraw(1) == .gone)
        #expect(outbox.next()?.readableBytes == 5)
    }

    @Test func onlyTheFirstCanBeHalfWritten() {
        func filled() -> StdioOutbox {
            var outbox = outbox(30_000, 30_000)
            _ = outbox.add(nil, body(30_000))
            _ = outbox.add(3, body(30_000))
            #expect(handOver(&outbox) == [30_000, 30_000])
            return outbox
        }
        var begun = filled()
        #expect(begun.close(unwritten: 59_000) == [2, 3])
        #expect(begun.isIdle)
        var unknown = filled()
        #expect(unknown.close(unwritten: nil) == [2, 3])
        var untouched = filled()
        #expect(untouched.close(unwritten: 60_000) == [1, 2, 3])
        var empty = StdioOutbox()
        #expect(empty.close(unwritten: 0) == [])
    }

    @Test func standstillIsTheTimeWithoutASingleByte() {
        var outbox = StdioOutbox()
        #expect(outbox.stalled(unwritten: 0, now: start) == .zero)
        _ = outbox.add(1, body(50_000))
        _ = outbox.next()
        func look(_ unwritten: Int?, at seconds: Int) -> Duration {
            outbox.stalled(unwritten: unwritten, now: start.advanced(by: .seconds(seconds)))
        }
        #expect(look(50_000, at: 1) == .zero)
        #expect(look(50_000, at: 4) == .seconds(3))
        // One byte is progress.
        #expect(look(49_999, at: 5) == .zero)
        #expect(look(49_999, at: 9) == .seconds(4))
        // So is a whole message, although another is as long.
        _ = outbox.add(2, body(49_999))
        outbox.wrote()
        _ = outbox.next()
        #expect(look(49_999, at: 10) == .zero)
        outbox.wrote()
        #expect(look(0, at: 20) == .zero)
        #expect(look(nil, at: 40) == .zero)
    }
}
