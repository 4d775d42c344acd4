/// How many calls a principal (agent) may begin: a token bucket each, 50 a second with a burst of 100.
///
/// A bucket is one instant: the time at which it will be full again. One that is full is as good as none, so the
/// table forgets those. When it is full of busy ones, all further principals share one bucket: the table stays
/// bounded and a flood of invented names gains nothing.
package struct RateLimit: Sendable {
    package enum Decision: Hashable, Sendable {
        case allow
        /// `OVERLOADED`. The next call is allowed after this time.
        case limit(retryAfter: Duration)
    }

    private let interval: Duration
    private let capacity: Duration
    private let maxPrincipals: Int
    private var fullAt: [ExactText: Instant] = [:]
    private var sharedFullAt: Instant?
    private var nextSweep: Instant?

    /// - Parameters:
    ///   - perSecond: calls a second in the long run; above 0, else 1 is taken.
    ///   - burst: calls that may come at once; at least 1.
    ///   - maxPrincipals: buckets kept at once; at least 1.
    package init(perSecond: Double = 50, burst: Int = 100, maxPrincipals: Int = 10_000) {
        let rate = perSecond.isFinite && perSecond > 0 ? min(perSecond, 1e9) : 1
        interval = .nanoseconds(Int64((1e9 / max(rate, 1e-6)).rounded()))
        capacity = interval * min(1_000_000, max(1, burst))
        self.maxPrincipals = max(1, maxPrincipals)
    }

    /// Buckets kept at present.
    package var principals: Int { fullAt.count }

    /// Takes one call out of the principal's bucket, if there is one in it.
    package mutating func take(_ principal: ExactText, now: Instant) -> Decision {
        if let instant = fullAt[principal] {
            let (decision, next) = spend(instant, now: now)
            if let next { fullAt[principal] = next }
            return decision
        }
        if fullAt.count >= maxPrincipals { sweep(now: now) }
        if fullAt.count >= maxPrincipals {
            let (decision, next) = spend(sharedFullAt ?? now, now: now)
            if let next { sharedFullAt = next }
            return decision
        }
        let (decision, next) = spend(now, now: now)
        fullAt[principal] = next
        return decision
    }

    private func spend(_ fullAt: Instant, now: Instant) -> (Decision, Instant?) {
        let next = max(fullAt, now).advanced(by: interval)
        let excess = now.duration(to: next) - capacity
        return excess > .zero ? (.limit(retryAfter: excess), nil) : (.allow, next)
    }

    /// Forgets full buckets, at most once a second: a flood of new names must not make every call pay for a sweep.
    private mutating func sweep(now: Instant) {
        if let nextSweep, now < nextSweep { return }
        nextSweep = now.advanced(by: .seconds(1))
        fullAt = fullAt.filter { $0.value > now }
    }
}
