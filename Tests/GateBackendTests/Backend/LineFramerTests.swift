import NIOCore
import Testing

@testable import GateBackend

/// The verdict on a line depends on its bytes, not on how they arrive.
struct LineFramerTests {
    private func lines(_ text: String, limit: Int = 16, chunk: Int) -> (lines: [String], oversized: Int, fine: Bool) {
        var framer = LineFramer(limit: limit, skipLimit: 2 * limit)
        var lines: [String] = []
        var fine = true
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            let part = ByteBuffer(bytes: bytes[start..<min(start + chunk, bytes.count)])
            if framer.feed(part, { lines.append(String(buffer: $0)) }) == .notLines { fine = false }
        }
        return (lines, framer.oversized, fine)
    }

    @Test(arguments: [1, 2, 3, 7, 64])
    func cutsAtLineEndsHoweverTheyArrive(chunk: Int) {
        let result = lines("one\ntwo\r\n\n\r\nthree\nrest", chunk: chunk)
        #expect(result.lines == ["one", "two", "three"])
        #expect(result.fine)
    }

    @Test(arguments: [1, 5, 64])
    func aLineAtTheLimitPassesAndALongerOneIsSkipped(chunk: Int) {
        let exact = String(repeating: "x", count: 16)
        let result = lines("\(exact)\n\(exact)y\nafter\n", chunk: chunk)
        #expect(result.lines == [exact, "after"])
        #expect(result.oversized == 1)
        #expect(result.fine)
    }

    /// Lines that follow one another without a pause must not keep what has been handed over.
    @Test func aStreamThatNeverPausesHoldsOneLineAtMost() {
        var framer = LineFramer(limit: 1 << 20, skipLimit: 2 << 20)
        let line = String(repeating: "x", count: 200_000) + "\n"
        let half = ByteBuffer(string: String(line.suffix(100_001)) + String(line.prefix(100_000)))
        var largest = 0
        var count = 0
        _ = framer.feed(ByteBuffer(string: String(line.prefix(100_000)))) { _ in }
        for _ in 0..<100 {
            _ = framer.feed(half) { content in
                count += 1
                #expect(content.readableBytes == 200_000)
                largest = max(largest, content.storageCapacity)
            }
            #expect(framer.heldBytes == 100_000)
        }
        #expect(count == 100)
        #expect(largest <= 512 * 1024, "a line holds \(largest) bytes")
    }

    @Test(arguments: [1, 5, 64])
    func whatNeverEndsIsNotLines(chunk: Int) {
        #expect(!lines(String(repeating: "x", count: 200), chunk: chunk).fine)
    }
}

/// The ring keeps the end of what a server says on stderr, in bounded memory.
struct StderrRingTests {
    private func feed(_ ring: inout StderrRing, _ text: String, now: ContinuousClock.Instant) -> [String] {
        Array(text.utf8).withUnsafeBytes { ring.feed($0, now: now) }
    }

    @Test func keepsTheLastLinesAndJoinsPieces() {
        var ring = StderrRing()
        let now = ContinuousClock.now
        #expect(feed(&ring, "one\ntw", now: now) == ["one"])
        #expect(feed(&ring, "o\r\nthree", now: now) == ["two"])
        #expect(ring.tail(5) == ["one", "two"])
    }

    @Test func limitsWhatIsLoggedAndLooksOnlyAtTheEndOfAFlood() {
        var ring = StderrRing()
        let now = ContinuousClock.now
        let logged = feed(&ring, String(repeating: "noise\n", count: 500), now: now)
        #expect(logged.count == StderrRing.Limits().linesPerSecond)
        let more = feed(&ring, String(repeating: "x", count: 100_000) + "\nlast\n", now: now)
        #expect(more.isEmpty)
        #expect(ring.skippedBytes > 90_000)
        #expect(ring.tail(1) == ["last"])
        let calm = feed(&ring, "calm\n", now: now.advanced(by: .seconds(2)))
        #expect(calm == ["(402 more lines were not logged)", "calm"])
    }

    @Test func staysWithinItsBytes() {
        var ring = StderrRing()
        var now = ContinuousClock.now
        for _ in 0..<200 {
            now = now.advanced(by: .seconds(2))
            _ = feed(&ring, String(repeating: "y", count: 5_000) + "\n", now: now)
        }
        #expect(ring.tail(1_000).reduce(0) { $0 + $1.utf8.count } <= StderrRing.Limits().bytes)
    }
}
