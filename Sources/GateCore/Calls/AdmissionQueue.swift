/// The bulkhead in front of one backend: so many calls at once, so many waiting, the rest is refused at once.
///
/// Waiting calls are served in turn by principal (agent): one that has a hundred calls in the queue delays another's
/// single call by one turn, not by a hundred. Within a principal the order is first in, first out.
///
/// The uncontended path (a free slot, nobody waiting) allocates nothing. Removal by id takes constant time.
package struct AdmissionQueue: Sendable {
    package enum Decision: Hashable, Sendable {
        /// Send it, and say ``leave(now:)`` when it is over.
        case run
        /// Wait until ``leave(now:)`` names it, ``expire(now:)`` gives it up, or it is cancelled.
        case wait
        /// `OVERLOADED`. Worth a new try after this time.
        case reject(retryAfter: Duration)
    }

    package struct Limits: Hashable, Sendable {
        /// Calls at the backend at once.
        package var inFlight: Int
        /// Calls that wait for a slot.
        package var queue: Int

        package init(inFlight: Int = 64, queue: Int = 256) {
            self.inFlight = max(1, inFlight)
            self.queue = max(0, queue)
        }
    }

    package private(set) var limits: Limits
    /// Calls at the backend now.
    package private(set) var inFlight = 0
    /// Calls that wait now.
    package var waiting: Int { line.count }
    package private(set) var statistics = WaitStatistics()

    private var line = FairLine()
    private var pace = Pace()
    /// No deadline in the line is earlier than this.
    private var earliestDeadline: Instant?

    package init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Asks for a slot.
    ///
    /// - Parameters:
    ///   - id: unique among the calls of this backend that are not over.
    ///   - deadline: when the caller gives up. A call that would have to wait but is past it is refused.
    package mutating func enter(id: UInt64, principal: ExactText, deadline: Instant, now: Instant) -> Decision {
        if inFlight < limits.inFlight, line.isEmpty {
            inFlight += 1
            return .run
        }
        guard line.count < limits.queue, now < deadline,
            line.append(id: id, principal: principal, deadline: deadline, now: now)
        else {
            statistics.rejected &+= 1
            return .reject(retryAfter: pace.timeFor(calls: line.count + 1))
        }
        statistics.noteWaiting(line.count)
        earliestDeadline = earliestDeadline.map { min($0, deadline) } ?? deadline
        return .wait
    }

    /// A call that ran is over.
    ///
    /// - Returns: the call that runs next in its place, if one waits.
    package mutating func leave(now: Instant) -> UInt64? {
        pace.note(now)
        inFlight = max(0, inFlight - 1)
        return next(now: now)
    }

    /// A waiting call is wanted no more. False if it does not wait (any more): then it runs or is over.
    @discardableResult
    package mutating func cancel(id: UInt64) -> Bool {
        guard line.remove(id: id) != nil else { return false }
        statistics.cancelled &+= 1
        return true
    }

    /// Takes out all calls whose deadline has come, in no particular order.
    package mutating func expire(now: Instant) -> [UInt64] {
        guard let earliest = earliestDeadline, earliest <= now else { return [] }
        let late = line.ids { $0 <= now }
        for id in late { line.remove(id: id) }
        statistics.expired &+= UInt64(late.count)
        earliestDeadline = line.earliestDeadline
        return late
    }

    /// When ``expire(now:)`` is worth calling next. Never later than the first deadline.
    package var nextExpiry: Instant? { line.isEmpty ? nil : earliestDeadline }

    /// Takes out everything that waits: the backend is gone.
    package mutating func removeAllWaiting() -> [UInt64] {
        let ids = line.ids { _ in true }
        line = FairLine()
        earliestDeadline = nil
        return ids
    }

    /// Changes the limits. Calls that run or wait beyond the new ones stay.
    ///
    /// - Returns: the waiting calls that run now.
    package mutating func setLimits(_ limits: Limits, now: Instant) -> [UInt64] {
        self.limits = limits
        var ids: [UInt64] = []
        while let id = next(now: now) { ids.append(id) }
        return ids
    }

    private mutating func next(now: Instant) -> UInt64? {
        guard inFlight < limits.inFlight, let waiter = line.popFirst() else { return nil }
        inFlight += 1
        statistics.noteWait(waiter.since.duration(to: now))
        return waiter.id
    }
}
