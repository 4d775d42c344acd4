import Testing

@testable import GateCore

@Suite struct LatencyRecorderTests {
    private let start = ContinuousClock.now

    private func at(_ seconds: Double) -> Instant { start.advanced(by: .seconds(seconds)) }

    private func isNear(_ value: UInt64, _ expected: UInt64) -> Bool {
        abs(Double(value) - Double(expected)) <= Double(expected) / 100
    }

    @Test func emptyIsZero() {
        let recorder = LatencyRecorder()
        #expect(recorder.total == .none && recorder.lastMinute(now: start) == .none)
        #expect(recorder.total.errorRate == 0)
    }

    @Test func percentilesWithinOnePercent() {
        var recorder = LatencyRecorder()
        for value in 1...10_000 as ClosedRange<UInt64> {
            recorder.record(microseconds: value * 10, failed: value % 4 == 0, now: at(0))
        }
        let total = recorder.total
        #expect(total.calls == 10_000 && total.errors == 2_500 && total.errorRate == 0.25)
        #expect(total.average == 50_005)
        #expect(isNear(total.p50, 50_000) && isNear(total.p95, 95_000) && isNear(total.p99, 99_000))
        #expect(isNear(total.maximum, 100_000))
        #expect(recorder.lastMinute(now: at(1)) == total)
    }

    @Test func theLastMinuteForgets() {
        var recorder = LatencyRecorder()
        recorder.record(microseconds: 1_000, failed: true, now: at(0))
        recorder.record(microseconds: 2_000, failed: false, now: at(25))
        #expect(recorder.lastMinute(now: at(49)).calls == 2)
        #expect(recorder.lastMinute(now: at(60)).calls == 1)
        #expect(recorder.lastMinute(now: at(60)).errors == 0)
        #expect(recorder.lastMinute(now: at(79.9)).calls == 1)
        #expect(recorder.lastMinute(now: at(80)) == .none)
        recorder.record(microseconds: 3_000, failed: false, now: at(1_000))
        #expect(recorder.lastMinute(now: at(1_001)).calls == 1)
        #expect(recorder.lastMinute(now: at(1e9)) == .none)
        #expect(recorder.total.calls == 3)
    }

    @Test func theLastHourForgetsLater() {
        var recorder = LatencyRecorder()
        recorder.record(microseconds: 1_000, failed: true, now: at(0))
        recorder.record(microseconds: 2_000, failed: false, now: at(1_800))
        #expect(recorder.lastHour(now: at(3_200)).calls == 2)
        #expect(recorder.lastMinute(now: at(3_200)) == .none)
        #expect(recorder.lastHour(now: at(3_700)).calls == 1)
        #expect(recorder.lastHour(now: at(6_000)) == .none)
    }

    /// Calls are counted in pieces of ten seconds, which are added up: none is counted twice or forgotten on the way.
    @Test func everyCallIsInEveryStretchOfTimeOnce() {
        var recorder = LatencyRecorder()
        for second in 0..<3_000 {
            for index in 1...4 {
                recorder.record(microseconds: UInt64(index * 250), failed: index == 4, now: at(Double(second)))
            }
            let calls = UInt64(4 * (second + 1))
            #expect(recorder.total.calls == calls && recorder.total.errors == calls / 4)
            #expect(recorder.lastHour(now: at(Double(second))) == recorder.total)
            if second < 50 { #expect(recorder.lastMinute(now: at(Double(second))) == recorder.total) }
        }
        #expect(recorder.total.average == 625 && recorder.total.maximum == 1_000)
        #expect(recorder.lastMinute(now: at(2_999)).calls == 240)
        var later = LatencyRecorder()
        let isRestored = later.restore(recorder.text)
        #expect(isRestored && later.total.calls == 12_000)
    }

    @Test func whatWasWrittenIsCountedAgain() {
        var recorder = LatencyRecorder()
        for value in 1...500 as ClosedRange<UInt64> {
            recorder.record(microseconds: value * value, failed: value % 5 == 0, now: at(0))
        }
        var later = LatencyRecorder()
        later.record(microseconds: 7, failed: true, now: at(0))
        let isRestored = later.restore(recorder.text)
        #expect(isRestored)
        #expect(later.total.calls == 501 && later.total.errors == 101)
        #expect(isNear(later.total.p50, recorder.total.p50) && isNear(later.total.p999, recorder.total.p999))
        var fresh = LatencyRecorder()
        fresh.restore(recorder.text)
        #expect(fresh.text == recorder.text)
        for bad in ["", "1", "x 1", "1 2 3", "1 2 3:x", "1 2 3:0", "1 2 99999999999:1"] {
            var recorder = LatencyRecorder()
            let isRestored = recorder.restore(bad)
            #expect(!isRestored && recorder.total == .none, "\(bad)")
        }
    }

    @Test func extremesAreClamped() {
        var recorder = LatencyRecorder()
        recorder.record(microseconds: 0, failed: false, now: at(0))
        recorder.record(microseconds: .max, failed: false, now: at(0))
        #expect(recorder.total.calls == 2 && isNear(recorder.total.maximum, LatencyRecorder.maxMicroseconds))
    }
}
