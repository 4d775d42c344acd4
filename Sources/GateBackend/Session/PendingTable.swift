import GateCore
import GateProtocol
import NIOCore

/// The requests of one connection that wait for their answers, by the gateway's own ids.
///
/// Ids are never used twice within a connection, so a late answer cannot meet another caller's request.
struct PendingTable: Sendable {
    typealias Reply = CheckedContinuation<Result<WireMessage, GateError>, Never>

    struct Entry: Sendable {
        let reply: Reply
        var deadline: Instant?
        let isCancellable: Bool
        let listener: CallListener?
        /// The agent or session whose call it is; nil for the gateway's own requests.
        var owner: InstanceOwner?
        /// Since when the call's time stands still, because a question of it is open.
        var pausedSince: Instant?
        /// The last progress passed on: the protocol wants it to rise.
        var progress = -Double.infinity
    }

    private(set) var entries: [UInt64: Entry] = [:]
    private var followed: [UInt64: (listener: CallListener, progress: Double)] = [:]
    private var forgotten: Set<UInt64> = []
    private var orphans: Set<UInt64> = []
    /// Calls that may go on as tasks when they are answered, each with the request that stands for it as long as it is open.
    private var tasks: [UInt64: (owner: InstanceOwner, request: UInt64)] = [:]
    private var nextKey: UInt64 = 1
    /// Calls of agents among the entries, and who waits for their end.
    private var calls = 0
    private var idleWaiter: CheckedContinuation<Void, Never>?
    /// Set once the connection is over: why.
    private(set) var closed: String?

    var count: Int { entries.count }

    /// Whether anything but the gateway's own short questions and open streams is in it.
    var holdsCalls: Bool { entries.values.contains { $0.isCancellable && $0.deadline != nil } }

    mutating func makeKey() -> UInt64 {
        defer { nextKey &+= 1 }
        return nextKey
    }

    mutating func insert(_ entry: Entry, key: UInt64) {
        entries[key] = entry
        if entry.owner != nil { calls += 1 }
    }

    mutating func remove(_ key: UInt64) -> Entry? {
        guard let entry = entries.removeValue(forKey: key) else { return nil }
        if entry.owner != nil { calls -= 1 }
        tellIdle()
        return entry
    }

    /// Resumes the waiter when no call of an agent is open; there is one at most.
    mutating func whenIdle(_ waiter: CheckedContinuation<Void, Never>) {
        idleWaiter?.resume()
        idleWaiter = waiter
        tellIdle()
    }

    private mutating func tellIdle() {
        if calls == 0 { idleWaiter.take()?.resume() }
    }

    /// Whether a progress notice may be passed on, and to whom.
    mutating func progress(_ key: UInt64, value: Double) -> CallListener? {
        if let followed = followed[key] {
            guard value > followed.progress else { return nil }
            self.followed[key]?.progress = value
            return followed.listener
        }
        guard let index = entries.index(forKey: key), let listener = entries.values[index].listener,
            listener.wantsProgress, value > entries.values[index].progress
        else { return nil }
        entries.values[index].progress = value
        return listener
    }

    // MARK: Tasks

    /// A request whose progress goes on behind its answer, because that is a task.
    mutating func follow(_ key: UInt64, _ listener: CallListener?) {
        guard let listener, listener.wantsProgress else { return }
        followed[key] = (listener, -.infinity)
    }

    mutating func unfollow(_ key: UInt64) { followed[key] = nil }

    /// Notes a request whose answer nobody waits for.
    mutating func forget(_ key: UInt64) {
        if forgotten.count >= PendingTable.maxForgotten { forgotten.removeAll() }
        forgotten.insert(key)
    }

    /// Whether an answer is one that nobody waits for.
    mutating func wasForgotten(_ key: UInt64) -> Bool { forgotten.remove(key) != nil }

    /// Notes a request whose answer can be a task that somebody has to cancel, should the answer come too late.
    mutating func expectTask(_ key: UInt64) {
        if orphans.count >= PendingTable.maxExpected { orphans.removeAll() }
        orphans.insert(key)
    }

    /// The answer has come in time, or now; false when none was expected.
    mutating func tookTask(_ key: UInt64) -> Bool { orphans.remove(key) != nil }

    func expectsTask(_ key: UInt64) -> Bool { orphans.contains(key) }

    /// A call may be answered and go on as a task: what comes then may still be its.
    mutating func beginTask(_ key: UInt64, _ owner: InstanceOwner?) { tasks[key] = owner.map { ($0, key) } }

    /// From here on the request for its result stands for it.
    mutating func awaitResult(of key: UInt64, by result: UInt64) { tasks[key]?.request = result }

    mutating func endTask(_ key: UInt64) { tasks[key] = nil }

    private static let maxForgotten = 256
    private static let maxExpected = 4_096

    mutating func expired(now: Instant) -> [(key: UInt64, entry: Entry)] {
        var due: [(key: UInt64, entry: Entry)] = []
        for (key, entry) in entries {
            if let deadline = entry.deadline, deadline <= now, entry.pausedSince == nil { due.append((key, entry)) }
        }
        for (key, _) in due { _ = remove(key) }
        return due
    }

    /// Calls of agents, as candidates for what comes without a word whose it is.
    func candidates(_ isWilling: (CallListener) -> Bool) -> [QuestionAttribution.Candidate] {
        let calls = entries.compactMap { key, entry in
            entry.owner.map {
                QuestionAttribution.Candidate(
                    key: key, owner: $0, isWilling: entry.listener.map(isWilling) ?? false)
            }
        }
        guard !tasks.isEmpty else { return calls }
        return calls
            + tasks.compactMap { key, task in
                entries[task.request] == nil
                    ? QuestionAttribution.Candidate(key: key, owner: task.owner, isWilling: false) : nil
            }
    }

    /// The call's time stands still from now on.
    mutating func pause(_ key: UInt64, now: Instant) {
        if entries[key]?.pausedSince == nil { entries[key]?.pausedSince = now }
    }

    /// The call's time goes on.
    mutating func resume(_ key: UInt64, now: Instant) {
        guard let index = entries.index(forKey: key), let since = entries.values[index].pausedSince else { return }
        entries.values[index].pausedSince = nil
        guard let deadline = entries.values[index].deadline else { return }
        entries.values[index].deadline = deadline.advanced(by: since.duration(to: now))
    }

    mutating func close(_ reason: String) -> [Entry] {
        closed = closed ?? reason
        defer {
            entries.removeAll()
            followed.removeAll()
            tasks.removeAll()
            calls = 0
            tellIdle()
        }
        return Array(entries.values)
    }
}
