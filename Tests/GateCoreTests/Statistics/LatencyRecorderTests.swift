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

    @Test func extremesAreClamped() {
        var recorder = LatencyRecorder()
        recorder.record(microseconds: 0, failed: false, now: at(0))
        recorder.record(microseconds: .max, failed: false, now: at(0))
        #expect(recorder.total.calls == 2 && isNear(recorder.total.maximum, LatencyRecorder.maxMicroseconds))
    }
}
