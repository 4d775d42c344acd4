/// How many calls to one backend may be tried again: one in ten of its calls, so that a backend in trouble gets at most a tenth
/// more work from it.
///
/// A number of tokens: each call adds a tenth of one, each repetition takes a whole one. A few are there from the start and come
/// back with time, one a second, so that a backend that is seldom called has its calls repeated too.
package struct RetryBudget: Sendable {
    /// What is there without any calls.
    package static let floor = 10.0
    private static let capacity = 100.0
    private static let share = 0.1

    private var tokens = RetryBudget.floor
    private var refilled: Instant?

    package init() {}

    /// A call begins.
    package mutating func noteCall() { tokens = min(RetryBudget.capacity, tokens + RetryBudget.share) }

    /// Whether a call may be tried again; if so it is counted.
    package mutating func take(now: Instant) -> Bool {
        if let refilled, tokens < RetryBudget.floor {
            tokens = min(RetryBudget.floor, tokens + max(0, refilled.duration(to: now).nanoseconds / 1e9))
        }
        refilled = now
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }
}
