/// How many connections libcurl may keep: those in use and, beside them, so many idle ones.
///
/// libcurl counts used and idle connections together. A fixed number would make it close and open connections all the time
/// while more calls than that are under way.
struct ConnectionAllowance {
    /// Idle connections that are kept.
    private let idle: Int
    /// What libcurl is to be told.
    private(set) var limit: Int
    /// Most transfers at once since the window began.
    private var peak = 0
    private var windowEnd: UInt64 = 0

    /// The peak is forgotten after this long, in nanoseconds.
    private static let window: UInt64 = 10_000_000_000
    /// libcurl is told in steps, not at each call.
    private static let step = 16

    init(idle: Int) {
        self.idle = max(1, idle)
        limit = self.idle
    }

    /// - Parameter now: monotonic nanoseconds.
    /// - Returns: the new limit, when it changes.
    mutating func changed(active: Int, now: UInt64) -> Int? {
        peak = max(peak, active)
        let needed = rounded(active) + idle
        if needed > limit {
            limit = needed
            windowEnd = now &+ Self.window
            return limit
        }
        guard now >= windowEnd else { return nil }
        windowEnd = now &+ Self.window
        let enough = rounded(peak) + idle
        peak = active
        guard enough < limit else { return nil }
        limit = enough
        return limit
    }

    private func rounded(_ count: Int) -> Int { (count + Self.step - 1) / Self.step * Self.step }
}
