/// The last minute, or the last hour, in pieces: the newest is being filled, the oldest forgotten as a whole.
struct LatencyRing: Sendable {
    private let length: Duration
    /// Those without a call take no memory.
    private var windows: [LatencyTally<UInt32>?]
    private var current = 0
    private var currentEnds: Instant?

    /// - Parameters:
    ///   - length: of one piece, in whole seconds.
    ///   - count: of the pieces.
    init(length: Duration, count: Int) {
        self.length = length
        windows = Array(repeating: nil, count: count)
    }

    mutating func record(_ microseconds: UInt64, failed: Bool, now: Instant) {
        if let ends = currentEnds, now < ends {} else { turn(now: now) }
        if windows[current] == nil { windows[current] = LatencyTally() }
        windows[current]?.record(microseconds, failed: failed)
    }

    func summary(now: Instant) -> LatencySummary {
        guard let ends = currentEnds else { return .none }
        // Pieces that have gone by since the last call hold nothing newer.
        let stale = min(passed(since: ends, now: now), windows.count)
        var merged: LatencyTally<UInt32>?
        for age in 0..<(windows.count - stale) {
            guard let window = windows[(current - age + windows.count) % windows.count] else { continue }
            if merged == nil { merged = window } else { merged?.add(window) }
        }
        return merged?.summary ?? .none
    }

    private mutating func turn(now: Instant) {
        guard let ends = currentEnds else {
            currentEnds = now.advanced(by: length)
            return
        }
        let passed = passed(since: ends, now: now)
        for _ in 0..<min(passed, windows.count) {
            current = (current + 1) % windows.count
            windows[current] = nil
        }
        currentEnds = ends.advanced(by: length * passed)
    }

    /// How many pieces have begun since the one that ended at `ends`.
    private func passed(since ends: Instant, now: Instant) -> Int {
        guard now >= ends else { return 0 }
        return Int(clamping: ends.duration(to: now).components.seconds / max(1, length.components.seconds)) + 1
    }
}
