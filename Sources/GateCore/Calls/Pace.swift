/// How fast a backend finishes calls: a moving average of the time between two ends, for an honest `Retry-After`.
struct Pace: Sendable {
    private var last: Instant?
    private var average: Duration?

    mutating func note(_ now: Instant) {
        defer { last = now }
        guard let last else { return }
        let gap = last.duration(to: now)
        average = average.map { ($0 * 7 + gap) / 8 } ?? gap
    }

    /// How long so many calls take, between one second and half a minute. One second when nothing is known yet.
    func timeFor(calls: Int) -> Duration {
        let time = min(average ?? .zero, .seconds(30)) * min(calls, 1_000_000)
        return min(.seconds(30), max(.seconds(1), time))
    }
}
