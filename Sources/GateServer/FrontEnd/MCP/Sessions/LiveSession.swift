import GateCore
import GateProtocol
import NIOCore
import Synchronization

/// A legacy session as long as the gateway runs: what its id does not say.
final class LiveSession: Sendable {
    let session: MCPSession
    /// The connection that is the session, in the transport of 2024-11-05.
    let client: EventStreamClient?
    /// Where the next run of the gateway reads what became of it; nil for a session that ends with its connection.
    private let ledger: SessionLedger?

    private struct State {
        /// By the URI as the client wrote it.
        var watches: [ExactText: EventSubscription] = [:]
        /// Streams that are open, or whose client may come back for them.
        var streams: [UInt64: SessionStream] = [:]
        /// What tells its client of its tasks, from the first one on.
        var taskWatch: EventSubscription?
        var isStateful = false
        var hasEnded = false
    }

    private let state: Mutex<State>
    private let users = Atomic<Int>(0)
    /// The level's raw value; below zero for none.
    private let level: Atomic<Int>

    /// - Parameter logLevel: what it asked for in an earlier run.
    init(_ session: MCPSession, client: EventStreamClient? = nil, ledger: SessionLedger?, logLevel: LogLevel? = nil) {
        self.session = session
        self.client = client
        self.ledger = ledger
        level = Atomic(logLevel?.rawValue ?? -1)
        state = Mutex(State())
    }

    var id: MCPSession.ID { session.id }

    /// Calls under way and streams that are open: while there are any, the session is in use.
    var isBusy: Bool { users.load(ordering: .relaxed) > 0 }
    func enter() { users.add(1, ordering: .relaxed) }
    func leave() { users.subtract(1, ordering: .relaxed) }

    /// Log messages at or above it are passed on; nil for none.
    var logLevel: LogLevel? { LogLevel(rawValue: level.load(ordering: .relaxed)) }

    /// Sets the level, and returns when it will outlive a restart.
    func setLogLevel(_ new: LogLevel) async {
        level.store(new.rawValue, ordering: .relaxed)
        await ledger?.write { [session] in $0.setLevel(new, of: session) }
    }

    /// Notes that the session gets something which a restart of the gateway would lose, and returns when that is on the disk.
    func becomeStateful() async {
        if state.withLock({ $0.isStateful }) { return }
        await ledger?.write { [session] in $0.becameStateful(session) }
        state.withLock { $0.isStateful = true }
    }

    // MARK: Resources

    var watchCount: Int { state.withLock { $0.watches.count } }

    func isWatching(_ uri: String) -> Bool { state.withLock { $0.watches[ExactText(uri)] != nil } }

    /// - Returns: false when the session has ended; the watch is then let go.
    func keep(_ watch: EventSubscription, of uri: String) -> Bool {
        let (isKept, replaced) = state.withLock { state -> (Bool, EventSubscription?) in
            guard !state.hasEnded else { return (false, nil) }
            return (true, state.watches.updateValue(watch, forKey: ExactText(uri)))
        }
        // Released outside the lock.
        _ = replaced
        return isKept
    }

    /// - Returns: whether it was watched.
    func unwatch(_ uri: String) -> Bool {
        let gone = state.withLock { $0.watches.removeValue(forKey: ExactText(uri)) }
        return gone != nil
    }

    // MARK: Tasks

    /// Begins to tell the client of its tasks, unless that has begun already.
    func watchTasks(_ begin: (InstanceOwner) -> EventSubscription) {
        guard state.withLock({ $0.taskWatch == nil && !$0.hasEnded }) else { return }
        let watch = begin(.session(high: id.high, low: id.low))
        let replaced = state.withLock { state -> EventSubscription? in
            guard state.taskWatch == nil, !state.hasEnded else { return watch }
            state.taskWatch = watch
            return nil
        }
        // Released outside the lock.
        _ = replaced
    }

    // MARK: Streams

    func add(_ stream: SessionStream) -> Bool {
        state.withLock { state in
            guard !state.hasEnded else { return false }
            state.streams[stream.number] = stream
            return true
        }
    }

    func remove(_ stream: SessionStream) {
        let gone = state.withLock { $0.streams.removeValue(forKey: stream.number) }
        _ = gone
    }

    func stream(_ number: UInt64) -> SessionStream? { state.withLock { $0.streams[number] } }

    /// The stream that the gateway's own messages go to: the newest, of those that are open if any is.
    var noticeStream: SessionStream? {
        let streams = state.withLock { $0.streams.values.filter { $0.request == nil } }
        return streams.filter(\.isAttached).max { $0.number < $1.number } ?? streams.max { $0.number < $1.number }
    }

    /// Sends a message that belongs to no request, on one stream. Lost when there is none: the client does not listen.
    @discardableResult
    func notify(_ notice: Notice) -> Bool { client?.notify(notice) ?? noticeStream?.notify(notice) ?? false }

    /// Lets go of everything. Answers under way are still sent.
    func end() {
        let gone = state.withLock { state in
            defer {
                state.streams = [:]
                state.watches = [:]
                state.taskWatch = nil
                state.hasEnded = true
            }
            return (state.streams, state.watches, state.taskWatch)
        }
        _ = gone
    }
}
