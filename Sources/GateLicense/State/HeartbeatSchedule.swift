/// When the license server is asked: once a day, not by all installations at the same hour; sooner, then ever later, after an attempt that
/// brought nothing. A value; times are seconds of the steady clock.
package struct HeartbeatSchedule: Sendable, Equatable {
    package static let period = 86_400
    /// The most that a heartbeat comes before or after its day is over.
    package static let jitter = 7_200
    private static let firstPause = 60
    private static let longestPause = 14_400

    /// When the next heartbeat is due.
    package private(set) var due: Int
    private var failures = 0

    /// At a start. A gateway that is started often asks no more often for that.
    ///
    /// - Parameters:
    ///   - age: seconds since the last answer, nil when there was none.
    ///   - random: 0 up to 1.
    package init(now: Int, age: Int?, random: Double) {
        let soon = HeartbeatSchedule.firstPause + HeartbeatSchedule.part(of: 240, random)
        guard let age, age >= 0, age < HeartbeatSchedule.period else {
            due = now + soon
            return
        }
        due = now + max(soon, HeartbeatSchedule.period - age + HeartbeatSchedule.spread(random))
    }

    package mutating func succeeded(now: Int, random: Double) {
        failures = 0
        due = now + HeartbeatSchedule.period + HeartbeatSchedule.spread(random)
    }

    package mutating func failed(now: Int, random: Double) {
        failures = min(failures + 1, 16)
        let pause = min(HeartbeatSchedule.firstPause << failures, HeartbeatSchedule.longestPause)
        // Full jitter over the upper half: never at once, never all together.
        due = now + pause / 2 + HeartbeatSchedule.part(of: pause / 2, random)
    }

    private static func spread(_ random: Double) -> Int { part(of: 2 * jitter, random) - jitter }

    private static func part(of whole: Int, _ random: Double) -> Int { Int(Double(whole) * min(max(random, 0), 1)) }
}
