/// Counts calls and their times: since the beginning and, where that is wanted, for the last minute and hour.
///
/// Recording is a few additions; the owner holds a lock around it. Memory is taken with the first call: some 10 KiB for all time, as much
/// for each piece of the last minute and hour in which there were calls.
package struct LatencyRecorder: Sendable {
    /// Longer calls count as this long: an hour.
    package static let maxMicroseconds: UInt64 = 3_600_000_000

    private var whole: LatencyTally<UInt64>?
    private var minute: LatencyRing?
    private var hour: LatencyRing?

    /// - Parameter keepsWindows: whether the last minute and hour are wanted.
    package init(keepsWindows: Bool = true) {
        guard keepsWindows else { return }
        minute = LatencyRing(length: .seconds(10), count: 6)
        hour = LatencyRing(length: .seconds(300), count: 12)
    }

    /// Counts one call that is over.
    ///
    /// - Parameters:
    ///   - microseconds: how long it took.
    ///   - failed: whether it counts as an error.
    package mutating func record(microseconds: UInt64, failed: Bool, now: Instant) {
        let value = min(microseconds, LatencyRecorder.maxMicroseconds)
        if whole == nil { whole = LatencyTally() }
        whole?.record(value, failed: failed)
        minute?.record(value, failed: failed, now: now)
        hour?.record(value, failed: failed, now: now)
    }

    /// All calls since the beginning.
    package var total: LatencySummary { whole?.summary ?? .none }

    /// The calls of the last 50 to 60 seconds.
    package func lastMinute(now: Instant) -> LatencySummary { minute?.summary(now: now) ?? .none }

    /// The calls of the last 55 to 60 minutes.
    package func lastHour(now: Instant) -> LatencySummary { hour?.summary(now: now) ?? .none }

    /// All calls, as text for ``restore(_:)``.
    package var text: String { whole?.text ?? "" }

    /// Counts the calls of an earlier run.
    /// - Returns: false for a text that is none, which changes nothing.
    @discardableResult
    package mutating func restore(_ text: String) -> Bool {
        guard let earlier = LatencyTally<UInt64>(text: text) else { return false }
        if whole == nil { whole = earlier } else { whole?.add(earlier) }
        return true
    }
}
