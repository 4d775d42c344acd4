import GateHTTP
import NIOCore
import Synchronization

/// All open event streams of the front end. An idle one is an entry here: no task, no timer; one ticker serves them all.
final class NoticeStreams: Sendable {
    struct Entry: Sendable {
        let stream: HTTPBodyStream
        /// Told when what this shows has changed; nil for streams that only need to be kept alive.
        var visibility: Visibility?
        var session: MCPSession.ID?
        var notice = ByteBuffer()
        /// What is sent last when the gateway ends the stream.
        var farewell = ByteBuffer()
        /// The answer to a call: it ends with the call, also when the gateway stops.
        var isAnswer = false
    }

    private struct Group {
        var count = 0
        var subscription: EventSubscription?
    }

    private struct State {
        var entries: [UInt64: Entry] = [:]
        var lastID: UInt64 = 0
        var groups: [Visibility: Group] = [:]
        var sessions: [MCPSession.ID: [UInt64]] = [:]
        var isClosed = false
        var ticker: RepeatedTask?
    }

    private let state = Mutex(State())
    private let services: any GatewayServices
    private let maxStreams: Int
    private let maxStreamsPerSession: Int

    init(services: any GatewayServices, options: MCPOptions) {
        self.services = services
        maxStreams = options.maxStreams
        maxStreamsPerSession = max(1, options.maxStreamsPerSession)
    }

    /// Sends a comment on every stream each `interval`, until ``close()``.
    func run(on loop: any EventLoop, every interval: Duration) {
        let delay = TimeAmount(interval)
        let ticker = loop.scheduleRepeatedTask(initialDelay: delay, delay: delay) { [weak self] _ in self?.keepAlive() }
        state.withLock { $0.ticker = ticker }
    }

    var count: Int { state.withLock { $0.entries.count } }
    var hasRoom: Bool { state.withLock { $0.entries.count < maxStreams } }

    /// Takes a stream in and tells it of changes from now on.
    /// - Returns: nil when all streams have been closed; this one is then ended, unless it is an answer.
    func add(_ entry: Entry) -> UInt64? {
        let (id, isFirst, replaced) = state.withLock { state -> (UInt64?, Bool, [Entry]) in
            guard !state.isClosed || entry.isAnswer else { return (nil, false, []) }
            state.lastID &+= 1
            let id = state.lastID
            state.entries[id] = entry
            var isFirst = false
            if let visibility = entry.visibility {
                isFirst = state.groups[visibility] == nil
                state.groups[visibility, default: Group()].count += 1
            }
            var replaced: [Entry] = []
            if let session = entry.session {
                state.sessions[session, default: []].append(id)
                while let open = state.sessions[session], open.count > maxStreamsPerSession, let oldest = open.first {
                    if let gone = NoticeStreams.take(oldest, &state).entry { replaced.append(gone) }
                }
            }
            return (id, isFirst, replaced)
        }
        guard let id else {
            NoticeStreams.end(entry)
            return nil
        }
        for entry in replaced { NoticeStreams.end(entry) }
        if isFirst, let visibility = entry.visibility { subscribe(visibility) }
        return id
    }

    private func subscribe(_ visibility: Visibility) {
        let subscription = services.onCatalogChange(visibility) { [weak self] kinds in
            if kinds.contains(.tools) { self?.changed(visibility) }
        }
        // What it replaces, and itself when nobody is left, is released outside the lock.
        let released = state.withLock { state -> EventSubscription? in
            guard let group = state.groups[visibility] else { return subscription }
            state.groups[visibility]?.subscription = subscription
            return group.subscription
        }
        _ = released
    }

    /// The client has gone.
    func remove(_ id: UInt64) {
        let gone = state.withLock { NoticeStreams.take(id, &$0) }
        _ = gone
    }

    /// Ends a stream in the protocol's way.
    func end(_ id: UInt64) {
        let gone = state.withLock { NoticeStreams.take(id, &$0) }
        if let entry = gone.entry { NoticeStreams.end(entry) }
    }

    /// Ends the streams of a session.
    func end(session: MCPSession.ID) {
        for id in state.withLock({ $0.sessions[session] ?? [] }) { end(id) }
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
            state.groups = [:]
            state.sessions = [:]
            return all
        }
        ticker?.cancel()
        for entry in entries { NoticeStreams.end(entry) }
        _ = groups
    }

    /// Sends a comment on every stream; those that take nothing any more are forgotten.
    func keepAlive() {
        let entries = state.withLock { Array($0.entries) }
        for (id, entry) in entries where !entry.stream.write(MCPText.keepAlive) { remove(id) }
    }

    private func changed(_ visibility: Visibility) {
        let entries = state.withLock { $0.entries.filter { $0.value.visibility == visibility } }
        for (id, entry) in entries where !entry.stream.write(entry.notice) { remove(id) }
    }

    private static func end(_ entry: Entry) {
        entry.stream.write(entry.farewell)
        entry.stream.finish()
    }

    /// Takes a stream out, and the subscription that nobody needs any more: to be released outside the lock.
    private static func take(_ id: UInt64, _ state: inout State) -> (entry: Entry?, subscription: EventSubscription?) {
        guard let entry = state.entries.removeValue(forKey: id) else { return (nil, nil) }
        if let session = entry.session {
            state.sessions[session]?.removeAll { $0 == id }
            if state.sessions[session]?.isEmpty == true { state.sessions[session] = nil }
        }
        guard let visibility = entry.visibility, var group = state.groups[visibility] else { return (entry, nil) }
        group.count -= 1
        state.groups[visibility] = group.count > 0 ? group : nil
        return (entry, group.count > 0 ? nil : group.subscription)
    }
}
