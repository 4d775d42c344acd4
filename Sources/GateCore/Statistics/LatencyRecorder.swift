/// Counts calls and their times: since the beginning, for the last minute and the last hour.
///
/// Recording is a few additions in one histogram, of the last ten seconds, which is added to the others when it is over; the owner holds a
/// lock around it. Memory is taken with the first call: some 10 KiB for all time, as much for each piece of the last minute and hour in
/// which there were calls.
package struct LatencyRecorder: Sendable {
    /// Longer calls count as this long: an hour.
    package static let maxMicroseconds: UInt64 = 3_600_000_000

    /// All calls but those of the newest piece of ``minute``.
    private var earlier: LatencyTally<UInt64>?
    private var minute = LatencyRing(length: .seconds(10), count: 6)
    /// As ``earlier``, of the last hour.
    private var hour = LatencyRing(length: .seconds(300), count: 12)

    package init() {}

    /// Counts one call that is over.
    ///
    /// - Parameters:
    ///   - microseconds: how long it took.
    ///   - failed: whether it counts as an error.
    package mutating func record(microseconds: UInt64, failed: Bool, now: Instant) {
        if minute.isOver(now: now) { (earlier, hour) = (whole, wholeHour) }
        minute.record(min(microseconds, LatencyRecorder.maxMicroseconds), failed: failed, now: now)
    }

    private var whole: LatencyTally<UInt64>? {
        guard let newest = minute.newest else { return earlier }
        var whole = earlier ?? LatencyTally()
        whole.add(newest.piece)
        return whole
    }

    private var wholeHour: LatencyRing {
        var hour = hour
        if let newest = minute.newest { hour.add(newest.piece, now: newest.start) }
        return hour
    }

    /// All calls since the beginning.
    package var total: LatencySummary { whole?.summary ?? .none }

    /// The calls of the last 50 to 60 seconds.
    package func lastMinute(now: Instant) -> LatencySummary { minute.summary(now: now) }

    /// The calls of the last 55 to 60 minutes.
    package func lastHour(now: Instant) -> LatencySummary { wholeHour.summary(now: now) }

    /// All calls, as text for ``restore(_:)``.
    package var text: String { whole?.text ?? "" }

    /// Counts the calls of an earlier run.
    /// - Returns: false for a text that is none, which changes nothing.
    @discardableResult
    package mutating func restore(_ text: String) -> Bool {
        guard let restored = LatencyTally<UInt64>(text: text) else { return false }
        if earlier == nil { earlier = restored } else { earlier?.add(restored) }
        return true
    }
}
