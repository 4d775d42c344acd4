/// Decides which instance of a backend serves a call, and which instances exist. A value: its owner makes, starts and ends
/// the instances that it names.
///
/// Shared instances exist all the time, and the least busy one is taken. Otherwise each owner (an agent, a session) gets an
/// instance on its first call: a spare that was started ahead, or a new one. An instance that had an owner is never given
/// to another: it ends with its owner, or when it has been idle for too long.
package struct InstancePlan: Sendable {
    /// Never used twice.
    package typealias ID = Int

    package struct Rules: Hashable, Sendable {
        package var isShared: Bool
        /// Of shared instances their number, else the most that exist at once.
        package var count: Int
        /// Instances that wait for their owner. None are kept of a lazy backend.
        package var spares: Int
        package var idleTimeout: Duration
        /// Whether even shared instances are only wanted while they are used.
        package var isLazy: Bool
        /// Whether an instance that was started before its owner was known can be its owner's.
        package var givesUnowned: Bool

        package init(
            isShared: Bool = true, count: Int = 1, spares: Int = 0, idleTimeout: Duration = .seconds(300),
            isLazy: Bool = false, givesUnowned: Bool = true
        ) {
            self.givesUnowned = givesUnowned
            self.isShared = isShared
            self.count = max(1, count)
            self.spares = isLazy || isShared || !givesUnowned ? 0 : max(0, spares)
            self.idleTimeout = max(.seconds(1), idleTimeout)
            self.isLazy = isLazy
        }
    }

    package enum Choice: Hashable, Sendable {
        /// An instance that exists. Give it back with ``release(_:now:)``.
        case use(ID)
        /// One that is to be made, and given back in the same way.
        case create(ID)
        /// As many exist as may, and all belong to others.
        case full
    }

    /// How fit an instance is at the moment; asked only where there is a choice.
    package enum Fitness: Int, Sendable {
        case ready = 0
        /// It has to start first: worth it only when the others are busy.
        case startable = 8
        /// Its circuit is open, or it does not start.
        case failing = 1_000_000
    }

    package struct Slot: Hashable, Sendable {
        package internal(set) var owner: InstanceOwner?
        /// Calls that have it now.
        package internal(set) var load = 0
        package internal(set) var idleSince: Instant
        /// Its owner has gone; it ends with its last call.
        var isLeaving = false
    }

    package let rules: Rules
    package private(set) var slots: [ID: Slot] = [:]
    private var byOwner: [InstanceOwner: ID] = [:]
    private var lastID = 0
    /// Where the search among equals begins, so that they take turns.
    private var turn = 0

    package init(rules: Rules, now: Instant) {
        self.rules = rules
        if rules.isShared { for _ in 0..<rules.count { _ = makeSlot(owner: nil, now: now) } }
    }

    /// In the order in which they were made.
    package var ids: [ID] { slots.keys.sorted() }

    // MARK: Calls

    /// - Parameter owner: whose instance it is to be; not asked for when instances are shared.
    package mutating func acquire(owner: InstanceOwner, now: Instant, fitness: (ID) -> Fitness) -> Choice {
        if rules.isShared { return take(leastBusy(fitness)) }
        if let id = byOwner[owner] { return take(id) }
        if rules.givesUnowned, let spare = ids.first(where: { slots[$0]?.owner == nil }) {
            slots[spare]?.owner = owner
            byOwner[owner] = spare
            return take(spare)
        }
        guard slots.count < rules.count else { return .full }
        let id = makeSlot(owner: owner, now: now)
        slots[id]?.load = 1
        return .create(id)
    }

    /// Keeps an instance in use until it is released.
    package mutating func hold(_ id: ID) { slots[id]?.load += 1 }

    /// - Returns: whether the instance is to end now, because its owner has gone.
    package mutating func release(_ id: ID, now: Instant) -> Bool {
        guard var slot = slots[id] else { return false }
        slot.load = max(0, slot.load - 1)
        slot.idleSince = now
        slots[id] = slot
        guard slot.isLeaving, slot.load == 0 else { return false }
        drop(id)
        return true
    }

    // MARK: Instances

    /// - Returns: spares that are to be made, so that there are as many as the rules say.
    package mutating func refill(now: Instant) -> [ID] {
        let spares = slots.values.count { $0.owner == nil && !rules.isShared }
        let missing = min(rules.spares - spares, rules.count - slots.count)
        return (0..<max(0, missing)).map { _ in makeSlot(owner: nil, now: now) }
    }

    /// One instance without an owner although no spares are kept: to learn from it which tools there are.
    package mutating func makeScout(now: Instant) -> ID? {
        guard !rules.isShared, slots.isEmpty else { return nil }
        return makeSlot(owner: nil, now: now)
    }

    /// - Returns: what is to end (no longer in the plan), or, of shared instances, to sleep.
    package mutating func reap(now: Instant) -> [ID] {
        let idle = ids.filter { id in
            guard let slot = slots[id], slot.load == 0 else { return false }
            return slot.idleSince.duration(to: now) >= rules.idleTimeout
        }
        if rules.isShared { return rules.isLazy ? idle : [] }
        var surplus = slots.values.count { $0.owner == nil } - rules.spares
        return idle.filter { id in
            if slots[id]?.owner == nil {
                guard surplus > 0 else { return false }
                surplus -= 1
            }
            drop(id)
            return true
        }
    }

    /// The owner has gone and will not come back.
    ///
    /// - Returns: its instance, when it is to end at once.
    package mutating func end(owner: InstanceOwner) -> ID? {
        guard let id = byOwner.removeValue(forKey: owner) else { return nil }
        guard slots[id]?.load == 0 else {
            slots[id]?.isLeaving = true
            return nil
        }
        drop(id)
        return id
    }

    /// Forgets all that have an owner or wait for one.
    package mutating func clear() -> [ID] {
        guard !rules.isShared else { return [] }
        defer {
            slots.removeAll()
            byOwner.removeAll()
        }
        return ids
    }

    // MARK: Slots

    private mutating func take(_ id: ID) -> Choice {
        slots[id]?.load += 1
        return .use(id)
    }

    private mutating func leastBusy(_ fitness: (ID) -> Fitness) -> ID {
        // Shared instances are numbered from 1 and never end.
        turn = turn % rules.count + 1
        var best = (id: turn, score: Int.max)
        for offset in 0..<rules.count {
            let id = (turn - 1 + offset) % rules.count + 1
            let score = (slots[id]?.load ?? 0) + fitness(id).rawValue
            if score < best.score { best = (id, score) }
        }
        return best.id
    }

    private mutating func makeSlot(owner: InstanceOwner?, now: Instant) -> ID {
        lastID += 1
        slots[lastID] = Slot(owner: owner, idleSince: now)
        if let owner { byOwner[owner] = lastID }
        return lastID
    }

    private mutating func drop(_ id: ID) {
        guard let owner = slots.removeValue(forKey: id)?.owner, byOwner[owner] == id else { return }
        byOwner[owner] = nil
    }
}
