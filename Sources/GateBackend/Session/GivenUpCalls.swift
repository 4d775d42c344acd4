import GateCore

/// Calls that nobody waits for any more, and that may still be running: a server neither has to stop, nor to say that it has.
///
/// As long as one of them may ask or log, what comes without a word whose it is may be its, and not that of the calls that are open.
struct GivenUpCalls {
    /// How long a call that was given up and not answered counts as running.
    static let hold = Duration.seconds(600)
    static let capacity = 1_024

    private var calls: [UInt64: (owner: InstanceOwner, until: Instant)] = [:]
    /// More were given up than are kept: nothing is certain until then.
    private var overflowsUntil: Instant?

    mutating func add(_ key: UInt64, _ owner: InstanceOwner, now: Instant) {
        let until = now.advanced(by: GivenUpCalls.hold)
        if calls.count >= GivenUpCalls.capacity { calls = calls.filter { $0.value.until > now } }
        guard calls.count < GivenUpCalls.capacity else {
            overflowsUntil = until
            return
        }
        calls[key] = (owner, until)
    }

    /// It was answered all the same, or never sent: it is over.
    mutating func remove(_ key: UInt64) {
        if !calls.isEmpty { calls[key] = nil }
    }

    /// Those that may still be running, as candidates that cannot take anything; nil when they are not all known.
    mutating func candidates(now: Instant) -> [QuestionAttribution.Candidate]? {
        if let overflowsUntil, overflowsUntil > now { return nil }
        overflowsUntil = nil
        guard !calls.isEmpty else { return [] }
        calls = calls.filter { $0.value.until > now }
        return calls.map { .init(key: $0.key, owner: $0.value.owner, isWilling: false) }
    }
}
