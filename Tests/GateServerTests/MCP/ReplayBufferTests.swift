@testable import GateServer
import GateCore
import NIOCore
import Testing

struct ReplayBufferTests {
    private static func id(_ number: UInt64) -> MCPSession.ID { .init(high: number, low: 0) }
    private static let start = Instant.now

    private static func append(
        _ buffer: inout ReplayBuffer, _ text: String, session: UInt64 = 1, stream: UInt64 = 1, _ number: UInt64,
        isLast: Bool = false, at seconds: Int = 0
    ) {
        buffer.append(
            ByteBuffer(string: text), session: id(session), stream: stream, number: number, isLast: isLast,
            now: start.advanced(by: .seconds(seconds)))
    }

    private static func texts(_ replay: ReplayBuffer.Replay) -> [String] { replay.events.map { String(buffer: $0) } }

    @Test func aStreamIsReplayedBehindAnEventAndNoOtherIs() {
        var buffer = ReplayBuffer(limits: .init())
        ReplayBufferTests.append(&buffer, "a1", 1)
        ReplayBufferTests.append(&buffer, "b1", stream: 2, 1)
        ReplayBufferTests.append(&buffer, "a2", 2)
        ReplayBufferTests.append(&buffer, "x", session: 2, 1)
        ReplayBufferTests.append(&buffer, "a3", 3, isLast: true)
        let all = buffer.replay(ReplayBufferTests.id(1), stream: 1, after: 0)
        #expect(ReplayBufferTests.texts(all) == ["a1", "a2", "a3"])
        #expect(all.isComplete)
        #expect(ReplayBufferTests.texts(buffer.replay(ReplayBufferTests.id(1), stream: 1, after: 2)) == ["a3"])
        let nothing = buffer.replay(ReplayBufferTests.id(1), stream: 1, after: 3)
        #expect(nothing.events.isEmpty && nothing.isComplete)
        let other = buffer.replay(ReplayBufferTests.id(1), stream: 2, after: 0)
        #expect(ReplayBufferTests.texts(other) == ["b1"])
        #expect(!other.isComplete)
        #expect(buffer.replay(ReplayBufferTests.id(3), stream: 1, after: 0).events.isEmpty)
    }

    @Test func eachSessionAndAllOfThemAreBounded() {
        var limits = ReplayBuffer.Limits()
        limits.events = 3
        limits.bytes = 1_000
        limits.totalBytes = 1_800
        var buffer = ReplayBuffer(limits: limits)
        for number in 1...5 { ReplayBufferTests.append(&buffer, "\(number)", UInt64(number)) }
        #expect(
            ReplayBufferTests.texts(buffer.replay(ReplayBufferTests.id(1), stream: 1, after: 0)) == ["3", "4", "5"])
        // More bytes than one session may have.
        let big = String(repeating: "x", count: 600)
        ReplayBufferTests.append(&buffer, big, session: 2, 1)
        ReplayBufferTests.append(&buffer, big, session: 2, 2)
        #expect(buffer.replay(ReplayBufferTests.id(2), stream: 1, after: 0).events.count == 1)
        #expect(!buffer.fits(1_000))
        ReplayBufferTests.append(&buffer, String(repeating: "x", count: 1_000), session: 2, 3)
        #expect(buffer.replay(ReplayBufferTests.id(2), stream: 1, after: 0).events.count == 1)
        // More than all may have: the oldest go, whoever's they are.
        ReplayBufferTests.append(&buffer, big, session: 3, 1)
        #expect(buffer.bytes <= 1_800)
        #expect(buffer.replay(ReplayBufferTests.id(1), stream: 1, after: 0).events.count < 3)
        #expect(buffer.replay(ReplayBufferTests.id(3), stream: 1, after: 0).events.count == 1)
        for session in UInt64(1)...3 { buffer.drop(session: ReplayBufferTests.id(session)) }
        #expect(buffer.bytes == 0)
        #expect(buffer.count == 0)
    }

    @Test func oldEventsGo() {
        var limits = ReplayBuffer.Limits()
        limits.age = .seconds(300)
        var buffer = ReplayBuffer(limits: limits)
        ReplayBufferTests.append(&buffer, "old", 1, at: 0)
        ReplayBufferTests.append(&buffer, "other", session: 2, 1, at: 100)
        ReplayBufferTests.append(&buffer, "new", 2, at: 200)
        buffer.expire(now: ReplayBufferTests.start.advanced(by: .seconds(399)))
        #expect(ReplayBufferTests.texts(buffer.replay(ReplayBufferTests.id(1), stream: 1, after: 0)) == ["new"])
        #expect(buffer.count == 2)
        buffer.expire(now: ReplayBufferTests.start.advanced(by: .seconds(500)))
        #expect(buffer.count == 0)
        #expect(buffer.bytes == 0)
    }

    @Test func aLongLifeDoesNotGrowIt() {
        var limits = ReplayBuffer.Limits()
        limits.events = 4
        var buffer = ReplayBuffer(limits: limits)
        // One event at the front that stays, behind it a stream that turns over all the time.
        ReplayBufferTests.append(&buffer, "first", session: 2, 1)
        for number in 1...20_000 { ReplayBufferTests.append(&buffer, "n", UInt64(number)) }
        #expect(buffer.count == 5)
        #expect(buffer.tracked < 200)
        #expect(buffer.replay(ReplayBufferTests.id(2), stream: 1, after: 0).events.count == 1)
    }

    @Test(arguments: [nil, "1", "\"a-b_c\"", "\"é\""])
    func aCursorIsReadAsItWasWritten(request: String?) throws {
        let cursor = EventCursor(
            run: 0xDEAD_BEEF, stream: 77, number: 12, request: request.map { ByteBuffer(string: $0) })
        #expect(EventCursor(ArraySlice(cursor.text.utf8)) == cursor)
        #expect(cursor.text.utf8.allSatisfy { (0x21...0x7E).contains($0) })
    }

    @Test(arguments: [
        "", "1", "1-2", "-1-2", "1--2", "x-1-2", "1-2-3-!", "123456789-1-1", "1-2-00000000000000001", "A-1-1",
    ])
    func whatIsNoCursorIsNone(text: String) { #expect(EventCursor(ArraySlice(text.utf8)) == nil) }
}
