import GateCore

/// Which sessions there are, and which of them has to go. A value: its owner ends what it names.
struct SessionBook<Live: Sendable>: Sendable {
    enum Begin {
        case begun
        /// There was one of this id already: nothing has been changed.
        case known(Live)
        /// There was no room; this one, unused for the longest time, has been taken out.
        case inPlaceOf(MCPSession.ID, Live)
        /// There is no room, and none of the others can go.
        case full
    }

    private struct Entry: Sendable {
        let live: Live
        var lastUse: Instant
    }

    private var entries: [MCPSession.ID: Entry] = [:]
    private let limit: Int
    private let idleTimeout: Duration
    /// A session that was used a moment ago is not taken for an abandoned one.
    private let minIdle: Duration

    init(limit: Int, idleTimeout: Duration, minIdle: Duration = .seconds(10)) {
        self.limit = max(1, limit)
        self.idleTimeout = idleTimeout
        self.minIdle = min(minIdle, idleTimeout)
    }

    var count: Int { entries.count }

    /// Finds a session that is used now.
    mutating func use(_ id: MCPSession.ID, now: Instant) -> Live? {
        guard let index = entries.index(forKey: id) else { return nil }
        entries.values[index].lastUse = now
        return entries.values[index].live
    }

    func find(_ id: MCPSession.ID) -> Live? { entries[id]?.live }

    /// - Parameters:
    ///   - share: how many sessions like this one may be, and which are; nil when only the number of all is bounded.
    ///   - isBusy: whether a session has something open; such a one is never taken out.
    mutating func begin(
        _ id: MCPSession.ID, _ live: Live, now: Instant, share: (most: Int, isLike: (Live) -> Bool)? = nil,
        isBusy: (Live) -> Bool
    ) -> Begin {
        if let known = use(id, now: now) { return .known(known) }
        let alike = share.map { share in entries.filter { share.isLike($0.value.live) } } ?? [:]
        let isShareUsed = share.map { alike.count >= $0.most } ?? false
        guard isShareUsed || entries.count >= limit else {
            entries[id] = Entry(live: live, lastUse: now)
            return .begun
        }
        // Whoever has used up its share makes room itself.
        let idle = (isShareUsed ? alike : entries).filter {
            $0.value.lastUse.duration(to: now) >= minIdle && !isBusy($0.value.live)
        }
        guard let oldest = idle.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return .full }
        entries[oldest.key] = nil
        entries[id] = Entry(live: live, lastUse: now)
        return .inPlaceOf(oldest.key, oldest.value.live)
    }

    mutating func end(_ id: MCPSession.ID) -> Live? { entries.removeValue(forKey: id)?.live }

    /// Takes out what has not been used for too long. What is busy counts as used.
    mutating func expire(now: Instant, isBusy: (Live) -> Bool) -> [Live] {
        var ended: [Live] = []
        for (id, entry) in entries {
            if isBusy(entry.live) {
                entries[id]?.lastUse = now
            } else if entry.lastUse.duration(to: now) >= idleTimeout {
                entries[id] = nil
                ended.append(entry.live)
            }
        }
        return ended
    }

    mutating func removeAll() -> [Live] {
        defer { entries.removeAll() }
        return entries.values.map(\.live)
    }
}
