import GateCore

/// Who finds out whether a backend still speaks the era of its connection: one call asks, the others that were refused wait for it.
struct EraWatch {
    typealias Waiter = CheckedContinuation<Void, Never>

    enum Turn {
        case ask
        case wait
        /// It was asked a moment ago: a server that refuses many calls for other reasons is not asked each time.
        case skip
    }

    static let pause = Duration.seconds(5)

    private var asked: Instant?
    private var isAsking = false
    private var waiters: [Waiter] = []

    mutating func turn(now: Instant) -> Turn {
        if isAsking { return .wait }
        if let asked, asked.duration(to: now) < EraWatch.pause { return .skip }
        asked = now
        isAsking = true
        return .ask
    }

    /// - Returns: false when it is known by now.
    mutating func wait(_ waiter: Waiter) -> Bool {
        if isAsking { waiters.append(waiter) }
        return isAsking
    }

    /// It is known. After a change the next doubt is not put off.
    mutating func end(hasChanged: Bool) -> [Waiter] {
        isAsking = false
        if hasChanged { asked = nil }
        defer { waiters = [] }
        return waiters
    }
}
