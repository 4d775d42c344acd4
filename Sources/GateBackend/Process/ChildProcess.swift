import CSpawn
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A program started by ``ProcessSpawner``, leader of a session and process group of its own.
///
/// It is reaped as soon as it ends, whether or not anybody waits. Dropping the last reference does not end it.
package final class ChildProcess: Sendable {
    private struct State {
        var status: ProcessExit?
        var stdio: ChildStdio?
        var pidfd: Int32
        /// Nobody is left in the session, so its number may come to mean others. Final.
        var isOver = false
        var waiters: [UInt64: @Sendable (ProcessExit) -> Void] = [:]
        var nextWaiter: UInt64 = 0
    }

    /// Also the number of the session and of the process group.
    package let pid: Int32
    /// Linux: clock ticks since boot; macOS: microseconds since 1970. With the pid it names a process for good.
    package let startTime: UInt64
    let watcher: ProcessWatcher
    private let ledger: ChildLedger?
    let mark: ProcessMark?
    /// What the kernel holds it to, in words; nil without a sandbox.
    package let sandbox: String?
    /// Lives as long as this object does.
    private let scratch: ScratchDirectory?
    private let state: Mutex<State>

    init(
        pid: Int32, pidfd: Int32, startTime: UInt64, stdio: ChildStdio?, watcher: ProcessWatcher, ledger: ChildLedger?,
        mark: ProcessMark?, sandbox: Sandbox? = nil
    ) {
        self.pid = pid
        self.startTime = startTime
        self.watcher = watcher
        self.ledger = ledger
        self.mark = mark
        self.sandbox = sandbox?.support.description
        scratch = sandbox?.scratch
        state = Mutex(State(stdio: stdio, pidfd: pidfd))
        ledger?.began(ProcessRecord(self))
    }

    deinit {
        state.withLock {
            $0.stdio?.closeAll()
            if $0.pidfd >= 0 { close($0.pidfd) }
        }
    }

    /// The three pipes, for the first caller; `nil` for all others. Pipes nobody took are closed with this object.
    package func takeStdio() -> ChildStdio? {
        state.withLock { $0.stdio.take() }
    }

    // MARK: The end

    /// `nil` while it runs.
    package var status: ProcessExit? { state.withLock { $0.status } }

    /// Waits for the end of the process itself; others of its group may live on. Pays no heed to cancellation.
    package var exit: ProcessExit {
        get async {
            let shot = OneShot<ProcessExit>()
            onExit { shot.fulfil($0) }
            return await shot.wait()
        }
    }

    /// Calls `body` once, on the watcher's thread (or at once, if the process has ended). It must not block.
    package func onExit(_ body: @escaping @Sendable (ProcessExit) -> Void) {
        _ = addWaiter(body)
    }

    /// Like ``exit``, but `nil` as soon as the task is cancelled.
    func exitUnlessCancelled() async -> ProcessExit? {
        let shot = OneShot<ProcessExit?>()
        let waiter = addWaiter { shot.fulfil($0) }
        defer { if let waiter { state.withLock { _ = $0.waiters.removeValue(forKey: waiter) } } }
        return await withTaskCancellationHandler {
            await shot.wait()
        } onCancel: {
            shot.fulfil(nil)
        }
    }

    private func addWaiter(_ body: @escaping @Sendable (ProcessExit) -> Void) -> UInt64? {
        let (status, waiter): (ProcessExit?, UInt64?) = state.withLock {
            if let status = $0.status { return (status, nil) }
            $0.nextWaiter += 1
            $0.waiters[$0.nextWaiter] = body
            return (nil, $0.nextWaiter)
        }
        if let status { body(status) }
        return waiter
    }

    /// Starts watching. `false`: the system refuses, and the child has been ended.
    func adopt() -> Bool {
        let pidfd = state.withLock { $0.pidfd }
        // The strong reference keeps the child until it is reaped.
        if watcher.watch(pidfd: pidfd, pid: pid, { self.leaderEnded() }) != nil { return true }
        killGroup()
        csp_kill_and_reap(pid)
        state.withLock { finish(&$0) }
        return false
    }

    private func leaderEnded() {
        let ended: (ProcessExit, [@Sendable (ProcessExit) -> Void])? = state.withLock {
            // Looked at before reaping: until then the number can belong to nobody else, so "empty" is final.
            let isEmpty = ProcessTable.isEmpty(session: pid)
            var value: Int32 = 0
            var signalled = false
            let reaped = csp_reap(pid, &value, &signalled)
            guard reaped != 0 else { return nil }
            // -1: something else in this program reaped it, and the status went with it.
            let status: ProcessExit =
                reaped < 0 ? .exited(code: 255) : signalled ? .signalled(value) : .exited(code: value)
            $0.status = status
            if isEmpty { finish(&$0) }
            let waiters = Array($0.waiters.values)
            $0.waiters = [:]
            return (status, waiters)
        }
        guard let (status, waiters) = ended else {
            _ = adopt()
            return
        }
        for waiter in waiters { waiter(status) }
    }

    private func finish(_ state: inout State) {
        guard !state.isOver else { return }
        state.isOver = true
        if state.pidfd >= 0 { close(state.pidfd) }
        state.pidfd = -1
        Guardian.forget(session: pid)
        ledger?.ended(pid: pid, startTime: startTime)
    }

    // MARK: Signals

    /// Signals the process itself. `false` if it has ended.
    @discardableResult
    package func signal(_ number: Int32) -> Bool {
        state.withLock { $0.status == nil && !$0.isOver && csp_signal_process($0.pidfd, pid, number) == 0 }
    }

    /// Signals every process of the child's session, each once, also when the child itself is gone.
    package func signalGroup(_ number: Int32) {
        state.withLock {
            guard !$0.isOver else { return }
            let reached = csp_signal_group($0.pidfd, pid, $0.status != nil, number) == 0
            _ = csp_signal_session(pid, startTime, reached ? pid : 0, number)
        }
    }

    /// SIGKILL for every process of the child's session.
    package func killGroup() { signalGroup(SIGKILL) }

    /// Whether the process itself is stopped, as by SIGSTOP.
    package var isStopped: Bool {
        ProcessTable.find(pid).map { $0.start_time == startTime && $0.stopped } ?? false
    }

    /// Living processes of the child's session, itself included.
    package var groupMembers: [Int32] { members.map(\.pid) }

    var members: [csp_process] {
        state.withLock {
            guard !$0.isOver else { return [] }
            let found = ProcessTable.members(ofSession: pid).filter { $0.start_time >= startTime }
            // Once the child is reaped, its number in the hands of another process means that the session is over.
            let isForeign = $0.status != nil && ProcessTable.find(pid).map { $0.start_time != startTime } ?? false
            if $0.status != nil, found.isEmpty || isForeign {
                finish(&$0)
                return []
            }
            return found
        }
    }
}
