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

    /// Whole units, cut. What is too long for the number is a quarter of what it can hold, so that it can be added to a time.
    package var wholeMilliseconds: Int { Int(clamping: whole(1_000)) }
    package var wholeMicroseconds: Int64 { whole(1_000_000) }
    package var wholeNanoseconds: Int64 { whole(1_000_000_000) }

    private func whole(_ perSecond: Int64) -> Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: perSecond)
        if overflow { return seconds < 0 ? Int64.min / 4 : Int64.max / 4 }
        let (sum, isOver) = product.addingReportingOverflow(attoseconds / (1_000_000_000_000_000_000 / perSecond))
        return isOver ? Int64.max / 4 : sum
    }
}
