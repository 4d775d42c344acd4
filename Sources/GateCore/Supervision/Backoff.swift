/// Growing waits between attempts: 0.1 s doubling to 30 s, each spread by ±20 % so that many backends that failed
/// together do not come back together.
package struct Backoff: Hashable, Sendable {
    package var initial: Duration
    package var maximum: Duration
    /// Part of the wait by which it may be shorter or longer.
    package var jitter: Double
    /// Attempts since the last reset.
    package private(set) var attempts = 0

    package init(initial: Duration = .milliseconds(100), maximum: Duration = .seconds(30), jitter: Double = 0.2) {
        self.initial = max(.milliseconds(1), initial)
        self.maximum = max(self.initial, maximum)
        self.jitter = min(1, max(0, jitter))
    }

    /// The wait before the next attempt.
    ///
    /// - Parameter random: a uniform number in 0..<1.
    package mutating func next(random: Double) -> Duration {
        // 2^20 times the shortest allowed start is beyond any sensible maximum; the bound keeps the shift defined.
        let doublings = min(attempts, 20)
        attempts += 1
        let wait = min(maximum, initial.scaled(by: Double(1 << doublings)))
        let spread = 1 - jitter + 2 * jitter * min(1, max(0, random))
        return wait.scaled(by: spread)
    }

    package mutating func reset() {
        attempts = 0
    }
}
