import GateCore
import NIOCore
import Synchronization

/// All open event streams of the front end. An idle one is an entry here: no task, no timer; one ticker serves them all.
///
/// Every stream has its filter: what kinds of lists it is told of, in what its client sees. What else it is told of (resources,
/// tasks) is in the subscriptions that it holds, which end with it.
final class NoticeStreams: Sendable {
    struct Entry: Sendable {
        let outlet: any EventOutlet
        /// What its client sees, where `kinds` are looked for.
        var visibility = Visibility.all
        /// Told when lists of these kinds have changed.
        var kinds: CatalogKinds = []
        var session: MCPSession.ID?
        /// Whose streams are counted together.
        var agent: ExactText?
        /// The answer to a call: it ends with the call, also when the gateway stops.
        var isAnswer = false
        /// What else it is told of, by itself.
        var subscriptions: [EventSubscription] = []
        /// No connection carries it; its client may come back.
        var isDetached = false
    }

    private struct Group {
        var count = 0
        var subscription: EventSubscription?
    }

    private struct State {
        var entries: [UInt64: Entry] = [:]
        var lastID: UInt64 = 0
        /// Entries with a connection.
        var open = 0
        var groups: [Visibility: Group] = [:]
        var sessions: [MCPSession.ID: [UInt64]] = [:]
        var agents: [ExactText: Int] = [:]
        var isClosed = false
        var ticker: RepeatedTask?
    }

    private let state = Mutex(State())
    private let services: any GatewayServices
    private let maxStreams: Int
    private let maxStreamsPerAgent: Int
    private let maxStreamsPerSession: Int

    init(services: any GatewayServices, options: MCPOptions) {
        self.services = services
        maxStreams = options.maxStreams
        maxStreamsPerAgent = max(1, options.maxStreamsPerAgent)
        maxStreamsPerSession = max(1, options.maxStreamsPerSession)
    }

    /// Sends a comment on every stream each `interval`, until ``close()``.
    func run(on loop: any EventLoop, every interval: Duration) {
        let delay = TimeAmount(interval)
        let ticker = loop.scheduleRepeatedTask(initialDelay: delay, delay: delay) { [weak self] _ in self?.keepAlive() }
        state.withLock { $0.ticker = ticker }
    }

    var count: Int { state.withLock { $0.open } }

    static let full = "Too many event streams are open. Try again later."

    /// Why an agent cannot have one more stream; nil when it can.
    /// - Parameter agent: nil for one without a name of its own.
    func refusal(for agent: String?) -> String? {
        let (open, own) = state.withLock { state in
            (state.open, agent.flatMap { state.agents[ExactText($0)] } ?? 0)
        }
        if open >= maxStreams { return NoticeStreams.full }
        guard let agent, own >= maxStreamsPerAgent else { return nil }
        return "Agent '\(agent)' has \(own) event streams open, as many as limits.streams_per_agent allows. Close some."
    }

    /// Takes a stream in and tells it of changes from now on.
    /// - Returns: nil when all streams have been closed; this one is then ended, unless it is an answer.
    func add(_ entry: Entry) -> UInt64? {
        let (id, isFirst, replaced) = state.withLock { state -> (UInt64?, Bool, [Gone]) in
            guard !state.isClosed || entry.isAnswer else { return (nil, false, []) }
            state.lastID &+= 1
            let id = state.lastID
            state.entries[id] = entry
            state.open += 1
            if let agent = entry.agent { state.agents[agent, default: 0] += 1 }
            var isFirst = false
            if !entry.kinds.isEmpty {
                isFirst = state.groups[entry.visibility] == nil
                state.groups[entry.visibility, default: Group()].count += 1
            }
            var replaced: [Gone] = []
            if let session = entry.session {
                state.sessions[session, default: []].append(id)
                while let open = state.sessions[session], open.count > maxStreamsPerSession, let oldest = open.first {
                    replaced.append(NoticeStreams.take(oldest, &state))
                }
            }
            return (id, isFirst, replaced)
        }
        guard let id else {
            entry.outlet.end(.stopping)
            return nil
        }
        for gone in replaced { gone.entry?.outlet.end(.replaced) }
        if isFirst { subscribe(entry.visibility) }
        return id
    }

    private func subscribe(_ visibility: Visibility) {
        let subscription = services.onCatalogChange(visibility) { [weak self] kinds in
            self?.changed(visibility, kinds)
        }
        // What it replaces, and itself when nobody is left, is released outside the lock.
        let released = state.withLock { state -> EventSubscription? in
            guard let group = state.groups[visibility] else { return subscription }
            state.groups[visibility]?.subscription = subscription
            return group.subscription
        }
        _ = released
    }

    /// Gives a stream what else it is told of.
    func attach(_ subscriptions: [EventSubscription], to id: UInt64) {
        state.withLock { $0.entries[id]?.subscriptions += subscriptions }
    }

    /// Nobody comes back for it.
    func remove(_ id: UInt64) {
        let gone = state.withLock { NoticeStreams.take(id, &$0) }
        _ = gone
    }

    /// Its connection has broken, or it has another one.
    func setDetached(_ id: UInt64, _ isDetached: Bool) {
        state.withLock { state in
            guard let entry = state.entries[id], entry.isDetached != isDetached else { return }
            state.entries[id]?.isDetached = isDetached
            state.open += isDetached ? -1 : 1
        }
    }

    /// Ends a stream in the protocol's way.
    func end(_ id: UInt64, _ reason: StreamEnd = .stopping) {
        let gone = state.withLock { NoticeStreams.take(id, &$0) }
        gone.entry?.outlet.end(reason)
    }

    /// Ends the streams of a session, but for answers under way.
    func end(session: MCPSession.ID) {
        for id in state.withLock({ $0.sessions[session] ?? [] }) { end(id, .replaced) }
    }

    /// Ends all streams, and those that come later, but for answers to calls.
    func close() {
        let (entries, groups, ticker) = state.withLock { state in
            state.isClosed = true
            let answers = state.entries.filter(\.value.isAnswer)
            let ended = state.entries.values.filter { !$0.isAnswer }
            // Answers under way are kept alive until the loop ends.
            let all = (ended, state.groups, answers.isEmpty ? state.ticker.take() : nil)
            state.entries = answers
            state.open = answers.values.count { !$0.isDetached }
            state.groups = [:]
            state.sessions = [:]
            state.agents = [:]
            return all
        }
        ticker?.cancel()
        for entry in entries { entry.outlet.end(.stopping) }
        _ = groups
    }

    /// Sends a comment on every stream; those that take nothing any more are forgotten.
    func keepAlive() {
        let entries = state.withLock { Array($0.entries) }
        let now = Instant.now
        for (id, entry) in entries where !entry.outlet.keepAlive(now: now) { remove(id) }
    }

    private func changed(_ visibility: Visibility, _ kinds: CatalogKinds) {
        let entries = state.withLock { state in
            state.entries.filter { id, entry in
                guard !entry.kinds.isDisjoint(with: kinds), entry.visibility == visibility else { return false }
                // A message goes on one stream of a session only.
                return entry.session.map { NoticeStreams.carrier(of: $0, state) == id } ?? true
            }
        }
        for (id, entry) in entries {
            for notice in Notice.changed(kinds.intersection(entry.kinds)) where !entry.outlet.notify(notice) {
                remove(id)
                break
            }
        }
    }

    /// The newest stream of a session, of those that are open if any is.
    private static func carrier(of session: MCPSession.ID, _ state: State) -> UInt64? {
        let streams = state.sessions[session] ?? []
        return streams.last { state.entries[$0]?.isDetached == false } ?? streams.last
    }

    private struct Gone {
        var entry: Entry?
        var subscription: EventSubscription?
    }

    /// Takes a stream out, and the subscription that nobody needs any more: to be released outside the lock.
    private static func take(_ id: UInt64, _ state: inout State) -> Gone {
        guard let entry = state.entries.removeValue(forKey: id) else { return Gone() }
        if !entry.isDetached { state.open -= 1 }
        if let agent = entry.agent {
            let left = (state.agents[agent] ?? 1) - 1
            state.agents[agent] = left > 0 ? left : nil
        }
        if let session = entry.session {
            state.sessions[session]?.removeAll { $0 == id }
            if state.sessions[session]?.isEmpty == true { state.sessions[session] = nil }
        }
        guard !entry.kinds.isEmpty, var group = state.groups[entry.visibility] else { return Gone(entry: entry) }
        group.count -= 1
        state.groups[entry.visibility] = group.count > 0 ? group : nil
        return Gone(entry: entry, subscription: group.count > 0 ? nil : group.subscription)
    }
}
