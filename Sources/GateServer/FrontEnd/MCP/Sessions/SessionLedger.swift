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
        var isScheduled = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private static let file = "sessions.json"
    /// How long more is waited for that can be written at once.
    private static let pause = TimeAmount.milliseconds(10)

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
        let isFirst = state.withLock { state in
            guard change(&state.records), directory != nil, !state.isScheduled else { return false }
            state.isScheduled = true
            return true
        }
        if isFirst { schedule() }
    }

    /// Changes the records and returns when the change is in the file.
    func write(_ change: @Sendable (inout SessionRecords) -> Bool) async {
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            let (waits, isFirst) = state.withLock { state -> (Bool, Bool) in
                guard change(&state.records), directory != nil else { return (false, false) }
                state.waiting.append(done)
                defer { state.isScheduled = true }
                return (true, !state.isScheduled)
            }
            if isFirst { schedule() }
            if !waits { done.resume() }
        }
    }

    private func schedule() { _ = loop.scheduleTask(in: SessionLedger.pause) { self.save() } }

    private func save() {
        let (records, waiting) = state.withLock { state in
            defer { state.waiting = [] }
            state.isScheduled = false
            return (state.records, state.waiting)
        }
        guard let directory else { return }
        directory.save(SessionLedger.file, { records.json.bytes }) {
            for waiter in waiting { waiter.resume() }
        }
    }

    /// Writes what has changed and returns when it is on the disk: the gateway stops.
    package func flush() {
        let isDue = state.withLock { $0.isScheduled }
        if isDue { save() }
        directory?.flush()
    }
}
