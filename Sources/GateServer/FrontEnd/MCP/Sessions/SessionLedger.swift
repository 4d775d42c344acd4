import GateProtocol
package import NIOCore
import Synchronization

/// The file from which the next run of the gateway learns which sessions must not go on, and what is kept of others.
///
/// Written rarely, and by one write for all that came meanwhile. A session that gets something which a restart would lose waits
/// until that is on the disk.
package final class SessionLedger: Sendable {
    private struct State {
        var records: SessionRecords
        var isDirty = false
        /// A version is on its way to the disk.
        var isSaving = false
        var timer: Scheduled<Void>?
        /// Whether the timer is the short one.
        var isUrgent = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private static let file = "sessions.json"
    /// How long more is waited for that can be written at once: while a client waits, and otherwise. Sessions that end are many.
    private static let shortPause = TimeAmount.milliseconds(20)
    private static let longPause = TimeAmount.seconds(5)

    private let directory: StateDirectory?
    private let loop: any EventLoop
    private let state: Mutex<State>

    /// - Parameter directory: nil keeps everything in memory.
    package init(directory: StateDirectory?, loop: any EventLoop) {
        self.directory = directory
        self.loop = loop
        let saved = directory?.json(SessionLedger.file)
        state = Mutex(State(records: saved.map { SessionRecords($0) } ?? SessionRecords()))
    }

    func isGone(_ session: MCPSession) -> Bool { state.withLock { $0.records.isGone(session) } }
    func level(of id: MCPSession.ID) -> LogLevel? { state.withLock { $0.records.level(of: id) } }

    /// Changes the records; the file follows soon.
    func note(_ change: (inout SessionRecords) -> Bool) {
        state.withLock { state in
            guard change(&state.records), directory != nil else { return }
            state.isDirty = true
            if state.timer == nil { schedule(&state, isUrgent: false) }
        }
    }

    /// Changes the records and returns when the change is in the file.
    func write(_ change: @Sendable (inout SessionRecords) -> Bool) async {
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            let waits = state.withLock { state -> Bool in
                let hasChanged = change(&state.records)
                // What another has changed in the same way may not be there yet.
                guard directory != nil, hasChanged || state.isDirty || state.isSaving else { return false }
                state.isDirty = true
                state.waiting.append(done)
                if !state.isUrgent { schedule(&state, isUrgent: true) }
                return true
            }
            if !waits { done.resume() }
        }
    }

    /// Under the lock: the timer must be known before it fires.
    private func schedule(_ state: inout State, isUrgent: Bool) {
        state.timer?.cancel()
        state.isUrgent = isUrgent
        state.timer = loop.scheduleTask(in: isUrgent ? SessionLedger.shortPause : SessionLedger.longPause) {
            self.save()
        }
    }

    private func save() {
        let (records, waiting) = state.withLock { state in
            defer {
                state.waiting = []
                state.timer = nil
                state.isUrgent = false
                state.isDirty = false
                state.isSaving = directory != nil
            }
            return (state.records, state.waiting)
        }
        guard let directory else { return }
        directory.save(SessionLedger.file, { records.json.bytes }) { [self] in
            state.withLock { $0.isSaving = false }
            for waiter in waiting { waiter.resume() }
        }
    }

    /// Writes what has changed and returns when it is on the disk: the gateway stops.
    package func flush() {
        let (isDue, timer) = state.withLock { ($0.isDirty, $0.timer) }
        timer?.cancel()
        if isDue { save() }
        directory?.flush()
    }
}
