/// Points of the monotonic clock. Everything here is given the time, nothing reads it.
package typealias Instant = ContinuousClock.Instant

extension Duration {
    /// The duration times a factor, to the nanosecond. Factors and durations of days stay well within range.
    func scaled(by factor: Double) -> Duration {
        .nanoseconds(Int64((nanoseconds * factor).rounded()))
    }

    /// The duration in nanoseconds, as far as a `Double` can tell them.
    var nanoseconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) * 1e9 + Double(attoseconds) / 1e9
    }

    /// Whole seconds, rounded up, at least one: what `Retry-After` and texts for people say.
    package var wholeSecondsUp: Int64 {
        let (seconds, attoseconds) = components
        return max(1, attoseconds > 0 ? seconds + 1 : seconds)
    }
}
