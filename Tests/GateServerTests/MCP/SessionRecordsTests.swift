@testable import GateServer
import GateCore
import GateProtocol
import Testing

struct SessionRecordsTests {
    private static func session(_ number: UInt64, issued: Int64 = 1_000) -> MCPSession {
        MCPSession(
            id: .init(high: number, low: ~number), version: .v2025_11_25, agent: "a", issued: issued, run: 1)
    }

    private static func restarted(_ records: SessionRecords, limit: Int = 4_096) throws -> SessionRecords {
        SessionRecords(try JSONValue(parsing: records.json.bytes), limit: limit)
    }

    @Test func aRestartEndsWhatItLosesAndNothingElse() throws {
        let sessions = (0..<5).map { SessionRecordsTests.session($0) }
        var records = SessionRecords()
        let changes = [
            records.endedByClient(sessions[0].id), records.endedByGateway(sessions[1]),
            records.becameStateful(sessions[2]), records.becameStateful(sessions[2]),
            records.setLevel(.warning, of: sessions[3]), records.setLevel(.warning, of: sessions[3]),
        ]
        #expect(changes == [true, true, true, false, true, false])
        // In the same run it lives.
        #expect(!records.isGone(sessions[2]))
        let later = try SessionRecordsTests.restarted(records)
        #expect(sessions.map(later.isGone) == [true, true, true, false, false])
        #expect(later.level(of: sessions[3].id) == .warning)
        #expect(later.level(of: sessions[4].id) == nil)
        let again = try SessionRecordsTests.restarted(later)
        #expect(sessions.map(again.isGone) == [true, true, true, false, false])
    }

    @Test func anEndedSessionTakesItsStateWithIt() throws {
        let session = SessionRecordsTests.session(7)
        var records = SessionRecords()
        _ = records.becameStateful(session)
        _ = records.setLevel(.debug, of: session)
        _ = records.endedByClient(session.id)
        #expect(records.level(of: session.id) == nil)
        #expect(records.json["stateful"]?.objectValue?.members.isEmpty == true)
    }

    @Test func withoutRoomForNamesOlderSessionsEndRatherThanLiveByHalves() throws {
        var records = SessionRecords(limit: 4)
        for number in 0..<10 {
            _ = records.endedByGateway(SessionRecordsTests.session(UInt64(number), issued: Int64(number)))
        }
        #expect(records.floor == 5)
        // Not named any more, and one that was never named: both were issued before.
        #expect(records.isGone(SessionRecordsTests.session(0, issued: 0)))
        #expect(records.isGone(SessionRecordsTests.session(99, issued: 5)))
        #expect(!records.isGone(SessionRecordsTests.session(99, issued: 6)))
        #expect(try SessionRecordsTests.restarted(records, limit: 4).floor == 5)
    }

    @Test func levelsOfSessionsThatDoNotComeBackAreGivenUp() {
        var records = SessionRecords()
        let sessions = (0..<2).map { SessionRecordsTests.session($0) }
        for session in sessions { _ = records.setLevel(.info, of: session) }
        let hasChanged = records.giveUpLevels { $0 == sessions[0].id }
        #expect(hasChanged)
        #expect(records.level(of: sessions[0].id) == .info)
        #expect(records.level(of: sessions[1].id) == nil)
        #expect(records.isGone(sessions[1]))
    }

    @Test func aBrokenFileIsReadAsFarAsItGoes() throws {
        let text =
            #"{"ended":["zz",7,"00000000000000010000000000000002"],"lost":{"x":1},"levels":{"y":{}},"floor":"a"}"#
        let records = SessionRecords(try JSONValue(parsing: Array(text.utf8)))
        let session = MCPSession(id: .init(high: 1, low: 2), version: .v2025_11_25, agent: "", issued: 0)
        #expect(records.isGone(session))
        #expect(!records.isGone(SessionRecordsTests.session(3)))
    }

    // MARK: The table

    @Test func theLeastRecentlyUsedIdleSessionMakesRoom() {
        let start = Instant.now
        var book = SessionBook<String>(limit: 2, idleTimeout: .seconds(100), minIdle: .seconds(10))
        let ids = (0..<4).map { MCPSession.ID(high: $0, low: 0) }
        for (index, name) in ["a", "b"].enumerated() {
            guard case .begun = book.begin(ids[index], name, now: start, isBusy: { _ in false }) else {
                Issue.record("\(name) did not begin")
                return
            }
        }
        // A moment ago is not idle.
        guard case .full = book.begin(ids[2], "c", now: start.advanced(by: .seconds(9)), isBusy: { _ in false }) else {
            Issue.record("there was room")
            return
        }
        let later = start.advanced(by: .seconds(30))
        guard case .full = book.begin(ids[2], "c", now: later, isBusy: { _ in true }) else {
            Issue.record("a busy session was ended")
            return
        }
        let used = book.use(ids[0], now: later.advanced(by: .seconds(-1)))
        #expect(used == "a")
        guard case .inPlaceOf(ids[1], "b") = book.begin(ids[2], "c", now: later, isBusy: { _ in false }) else {
            Issue.record("the wrong session was ended")
            return
        }
        let gone = book.use(ids[1], now: later)
        #expect(gone == nil)
        guard case .known("c") = book.begin(ids[2], "d", now: later, isBusy: { _ in false }) else {
            Issue.record("a session began twice")
            return
        }
        #expect(book.count == 2)
    }

    @Test func idleSessionsExpireAndBusyOnesDoNot() {
        let start = Instant.now
        var book = SessionBook<String>(limit: 9, idleTimeout: .seconds(100))
        for (index, name) in ["idle", "busy", "used"].enumerated() {
            _ = book.begin(.init(high: UInt64(index), low: 0), name, now: start, isBusy: { _ in false })
        }
        _ = book.use(.init(high: 2, low: 0), now: start.advanced(by: .seconds(50)))
        var ended: [[String]] = []
        for (time, isBusy) in [(99, true), (100, true), (160, false), (200, false)] {
            ended.append(
                book.expire(now: start.advanced(by: .seconds(time)), isBusy: { isBusy && $0 == "busy" }))
        }
        // What is busy was in use until then.
        #expect(ended == [[], ["idle"], ["used"], ["busy"]])
        #expect(book.count == 0)
    }

    /// Whoever has used up its share of sessions makes room itself; the others keep theirs.
    @Test func anAgentsShareIsItsOwn() {
        let start = ContinuousClock.now
        func at(_ seconds: Int) -> Instant { start.advanced(by: .seconds(seconds)) }
        var book = SessionBook<String>(limit: 100, idleTimeout: .seconds(1_000))
        func begin(_ number: UInt64, _ agent: String, _ now: Instant, busy: Set<UInt64> = []) -> String {
            let id = MCPSession.ID(high: number, low: 0)
            let begun = book.begin(id, "\(agent) \(number)", now: now, share: (2, { $0.hasPrefix(agent) })) { live in
                busy.contains { live.hasSuffix(" \($0)") }
            }
            return switch begun {
            case .begun: "begun"
            case .known: "known"
            case .inPlaceOf(_, let gone): "for \(gone)"
            case .full: "full"
            }
        }
        #expect(begin(1, "b", at(0)) == "begun")
        #expect(begin(2, "a", at(1)) == "begun" && begin(3, "a", at(2)) == "begun")
        // Both were used a moment ago.
        #expect(begin(4, "a", at(3)) == "full")
        #expect(begin(4, "a", at(20)) == "for a 2")
        #expect(begin(5, "a", at(40), busy: [3]) == "for a 4")
        #expect(begin(6, "a", at(60), busy: [3, 5]) == "full")
        #expect(book.find(.init(high: 1, low: 0)) == "b 1" && book.count == 3)
    }
}
