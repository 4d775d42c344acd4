import GateCore
import NIOCore
import Synchronization

/// The legacy sessions of this run: those that began in it, and those of earlier runs that have been used since.
///
/// Nothing is ever half alive: a session goes on with all it had, or it is over and its client is told so.
final class SessionTable: Sendable {
    enum Found {
        case live(LiveSession)
        /// It is over.
        case terminated
        /// It may go on, but there is no room for it.
        case full
    }

    /// Tells this run's sessions from those of earlier runs.
    let run: UInt32
    let ledger: SessionLedger
    private let book: Mutex<SessionBook<LiveSession>>
    private let started: Instant
    private let idleTimeout: Duration
    private let onEnd: @Sendable (LiveSession) -> Void

    /// - Parameter onEnd: called with each session that ends, outside of any lock.
    init(
        run: UInt32, limit: Int, idleTimeout: Duration, ledger: SessionLedger, now: Instant,
        onEnd: @escaping @Sendable (LiveSession) -> Void
    ) {
        self.run = run
        self.ledger = ledger
        self.idleTimeout = idleTimeout
        self.onEnd = onEnd
        started = now
        book = Mutex(SessionBook(limit: limit, idleTimeout: idleTimeout))
    }

    var count: Int { book.withLock { $0.count } }

    /// Takes a new session in.
    ///
    /// - Parameter share: how many its agent may have; nil where agents are only what they call themselves.
    /// - Returns: nil when there is no room.
    func begin(
        _ session: MCPSession, client: EventStreamClient? = nil, share: Int? = nil, now: Instant
    ) -> LiveSession? {
        let live = LiveSession(session, client: client, ledger: client == nil ? ledger : nil)
        if case .live(let live) = insert(live, share: share, now: now) { return live }
        return nil
    }

    /// The session that a verified id names; it is used now.
    func find(_ session: MCPSession, now: Instant) -> Found {
        if let live = book.withLock({ $0.use(session.id, now: now) }) { return .live(live) }
        // Of an earlier run: unused since the beginning of this one.
        guard session.run != run, started.duration(to: now) < idleTimeout, !ledger.isGone(session) else {
            return .terminated
        }
        return insert(
            LiveSession(session, ledger: ledger, logLevel: ledger.level(of: session.id)), now: now)
    }

    private func insert(_ live: LiveSession, share: Int? = nil, now: Instant) -> Found {
        let agent = live.session.agent
        let begun = book.withLock { book in
            book.begin(
                live.id, live, now: now,
                share: share.map { most in
                    (most, { $0.session.isBound && $0.session.agent.sameBytes(as: agent) })
                }, isBusy: { $0.isBusy })
        }
        switch begun {
        case .begun: return .live(live)
        case .known(let known): return .live(known)
        case .inPlaceOf(_, let gone):
            ended(gone)
            return .live(live)
        case .full: return .full
        }
    }

    /// The client has ended it.
    /// - Returns: whether it was there.
    func end(_ id: MCPSession.ID) -> Bool {
        guard let live = book.withLock({ $0.end(id) }) else { return false }
        ledger.note { $0.endedByClient(id) }
        onEnd(live)
        return true
    }

    /// Ends what has been idle for too long.
    func expire(now: Instant) {
        for live in book.withLock({ $0.expire(now: now) { $0.isBusy } }) { ended(live) }
        guard started.duration(to: now) >= idleTimeout else { return }
        ledger.note { records in
            book.withLock { book in records.giveUpLevels { book.find($0) != nil } }
        }
    }

    private func ended(_ live: LiveSession) {
        ledger.note { $0.endedByGateway(live.session) }
        onEnd(live)
    }
}
