/// Judges how much of what a backend writes is no message: a count that only rises, looked at now and then.
package struct NoiseMeter: Hashable, Sendable {
    /// More than this within ``window`` is too much.
    package let limit: Int
    package let window: Duration

    private var looks: [Look] = []

    private struct Look: Hashable, Sendable {
        let at: Instant
        let count: Int
    }

    package init(limit: Int = 1_000, window: Duration = .seconds(60)) {
        self.limit = limit
        self.window = window
    }

    /// Takes the present count.
    ///
    /// - Returns: how many came within the last window when that is too much.
    package mutating func look(_ count: Int, now: Instant) -> Int? {
        // A new conversation counts from the beginning.
        if let last = looks.last, count < last.count { looks.removeAll() }
        if looks.isEmpty { looks.append(Look(at: now, count: 0)) }
        // One look at or before the beginning of the window stays: the difference to it is what the window holds.
        while looks.count > 1, looks[1].at.duration(to: now) >= window { looks.removeFirst() }
        let before = looks[0].count
        looks.append(Look(at: now, count: count))
        return count - before > limit ? count - before : nil
    }
}
