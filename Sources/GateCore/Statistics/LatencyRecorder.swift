import Histogram

/// Counts calls and their times for one backend: since the start, and for the last minute.
///
/// Recording is a few additions on fixed memory; the owner holds a lock around it. Memory is taken with the first
/// call: about 100 KiB, whatever is recorded. Percentiles are exact to 1 %.
package struct LatencyRecorder: Sendable {
    /// Longer calls count as this long: an hour.
    package static let maxMicroseconds: UInt64 = 3_600_000_000

    private static let windowLength = Duration.seconds(10)
    private static let windowCount = 6

    private struct Tally<Count: FixedWidthInteger & Codable & Sendable>: Sendable {
        var histogram = Histogram<Count>(
            lowestDiscernibleValue: 1, highestTrackableValue: LatencyRecorder.maxMicroseconds,
            numberOfSignificantValueDigits: .two)
        var errors: UInt64 = 0
        var sum: UInt64 = 0

        @inline(__always)
        mutating func record(_ microseconds: UInt64, failed: Bool) {
            _ = histogram.record(microseconds)
            sum &+= microseconds
            if failed { errors &+= 1 }
        }

        mutating func reset() {
            histogram.reset()
            errors = 0
            sum = 0
        }

        mutating func add(_ other: Self) {
            histogram.add(other.histogram)
            errors &+= other.errors
            sum &+= other.sum
        }

        var summary: LatencySummary {
            let calls = histogram.totalCount
            guard calls > 0 else { return .none }
            return LatencySummary(
                calls: calls, errors: errors, average: Double(sum) / Double(calls),
                p50: histogram.valueAtPercentile(50), p95: histogram.valueAtPercentile(95),
                p99: histogram.valueAtPercentile(99), maximum: histogram.max)
        }
    }

    private var whole: Tally<UInt64>?
    /// The last minute in pieces of ten seconds; `current` is being filled, older ones lie before it.
    private var windows: [Tally<UInt32>] = []
    private var current = 0
    private var currentEnds: Instant?

    package init() {}

    /// Counts one call that is over.
    ///
    /// - Parameters:
    ///   - microseconds: how long it took.
    ///   - failed: whether it counts as an error.
    package mutating func record(microseconds: UInt64, failed: Bool, now: Instant) {
        if let ends = currentEnds, now < ends {} else { turn(now: now) }
        let value = min(microseconds, Self.maxMicroseconds)
        whole?.record(value, failed: failed)
        windows[current].record(value, failed: failed)
    }

    /// All calls since the start.
    package var total: LatencySummary { whole?.summary ?? .none }

    /// The calls of the last 50 to 60 seconds.
    package func lastMinute(now: Instant) -> LatencySummary {
        guard let ends = currentEnds else { return .none }
        // Windows that have gone by since the last call hold nothing newer than a minute.
        let stale = min(Self.windowsPassed(since: ends, now: now), Self.windowCount)
        var merged: Tally<UInt32>?
        for age in 0..<(Self.windowCount - stale) {
            let window = windows[(current - age + Self.windowCount) % Self.windowCount]
            guard window.histogram.totalCount > 0 else { continue }
            if merged == nil { merged = window } else { merged?.add(window) }
        }
        return merged?.summary ?? .none
    }

    private mutating func turn(now: Instant) {
        guard let ends = currentEnds else {
            whole = Tally()
            windows = Array(repeating: Tally(), count: Self.windowCount)
            currentEnds = now.advanced(by: Self.windowLength)
            return
        }
        let passed = Self.windowsPassed(since: ends, now: now)
        for _ in 0..<min(passed, Self.windowCount) {
            current = (current + 1) % Self.windowCount
            windows[current].reset()
        }
        currentEnds = ends.advanced(by: Self.windowLength * passed)
    }

    /// How many windows have begun since the one that ended at `ends`.
    private static func windowsPassed(since ends: Instant, now: Instant) -> Int {
        guard now >= ends else { return 0 }
        let seconds = ends.duration(to: now).components.seconds
        return Int(clamping: seconds / windowLength.components.seconds) + 1
    }
}
