/// The last minute, or the last hour, in pieces: the newest is being filled, the oldest forgotten as a whole.
struct LatencyRing: Sendable {
    typealias Piece = LatencyTally<UInt32>

    private let length: Duration
    /// Those without a call take no memory.
    private var pieces: [Piece?]
    private var current = 0
    private var currentEnds: Instant?

    /// - Parameters:
    ///   - length: of one piece, in whole seconds.
    ///   - count: of the pieces.
    init(length: Duration, count: Int) {
        self.length = length
        pieces = Array(repeating: nil, count: count)
    }

    /// The piece that is being filled, and when it began.
    var newest: (piece: Piece, start: Instant)? {
        guard let ends = currentEnds, let piece = pieces[current] else { return nil }
        return (piece, ends.advanced(by: .zero - length))
    }

    /// Whether a call at this moment begins a new piece.
    @inline(__always)
    func isOver(now: Instant) -> Bool { currentEnds.map { now >= $0 } ?? true }

    @inline(__always)
    mutating func record(_ microseconds: UInt64, failed: Bool, now: Instant) {
        if isOver(now: now) { turn(now: now) }
        if pieces[current] == nil { pieces[current] = Piece() }
        pieces[current]?.record(microseconds, failed: failed)
    }

    mutating func add(_ piece: Piece, now: Instant) {
        if isOver(now: now) { turn(now: now) }
        if pieces[current] == nil { pieces[current] = piece } else { pieces[current]?.add(piece) }
    }

    func summary(now: Instant) -> LatencySummary {
        guard let ends = currentEnds else { return .none }
        // Pieces that have gone by since the last call hold nothing newer.
        let stale = min(passed(since: ends, now: now), pieces.count)
        var merged: Piece?
        for age in 0..<(pieces.count - stale) {
            guard let piece = pieces[(current - age + pieces.count) % pieces.count] else { continue }
            if merged == nil { merged = piece } else { merged?.add(piece) }
        }
        return merged?.summary ?? .none
    }

    private mutating func turn(now: Instant) {
        guard let ends = currentEnds else {
            currentEnds = now.advanced(by: length)
            return
        }
        let passed = passed(since: ends, now: now)
        for _ in 0..<min(passed, pieces.count) {
            current = (current + 1) % pieces.count
            pieces[current] = nil
        }
        currentEnds = ends.advanced(by: length * passed)
    }

    /// How many pieces have begun since the one that ended at `ends`.
    private func passed(since ends: Instant, now: Instant) -> Int {
        guard now >= ends else { return 0 }
        return Int(clamping: ends.duration(to: now).components.seconds / max(1, length.components.seconds)) + 1
    }
}
