/// How many starts a backend may have: five within any 60 s. One that needs more is crash-looping and stays so, with
/// one start a minute, until it has been healthy for 30 s or the operator clears it.
package struct RestartBudget: Hashable, Sendable {
    package var starts: Int
    package var window: Duration
    /// Time between starts once the budget is used up.
    package var probeInterval: Duration
    /// Health that restores the budget.
    package var healthyAfter: Duration

    /// Starts within the window, oldest first; at most `starts` of them.
    private var recent: [Instant] = []
    package private(set) var isExhausted = false

    package init(
        starts: Int = 5, window: Duration = .seconds(60), probeInterval: Duration = .seconds(60),
        healthyAfter: Duration = .seconds(30)
    ) {
        self.starts = max(1, starts)
        self.window = window
        self.probeInterval = max(.seconds(1), probeInterval)
        self.healthyAfter = healthyAfter
    }

    package mutating func recordStart(now: Instant) {
        recent.append(now)
        if recent.count > starts { recent.removeFirst(recent.count - starts) }
    }

    /// Call when the backend failed.
    ///
    /// - Returns: whether it may start again as usual; false when it is crash-looping.
    package mutating func failed(now: Instant) -> Bool {
        let inWindow = recent.count { $0.duration(to: now) < window }
        if inWindow >= starts { isExhausted = true }
        return !isExhausted
    }

    package mutating func clear() {
        recent.removeAll(keepingCapacity: true)
        isExhausted = false
    }
}
