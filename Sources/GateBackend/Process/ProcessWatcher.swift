import CSpawn
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One thread that sleeps until a watched process ends (epoll over pidfds; kqueue on macOS). No SIGCHLD, no polling.
final class ProcessWatcher: Sendable {
    struct Token: Sendable { fileprivate let value: UInt64 }

    private struct State {
        var bodies: [UInt64: @Sendable () -> Void] = [:]
        var next: UInt64 = 0
    }

    private let descriptor: Int32
    private let state = Mutex(State())

    /// Lives as long as the program. Fails with ``SpawnFailure`` when there is no descriptor or thread left.
    init() throws(SpawnFailure) {
        descriptor = csp_watcher_open()
        guard descriptor >= 0 else { throw .resources(errno, "watch processes") }
        let error = WorkerThread.start("process-reaper") { [self] in
            while true { deliver() }
        }
        guard error == 0 else {
            close(descriptor)
            throw .resources(error, "watch processes")
        }
    }

    /// Calls `body` once, on the watcher's thread, when the process has ended; at once if it already has. `nil`: the
    /// system refuses to watch it. The caller keeps `pidfd` open until then or until ``cancel(_:)``.
    func watch(pidfd: Int32, pid: Int32, _ body: @escaping @Sendable () -> Void) -> Token? {
        let token = state.withLock {
            $0.next += 1
            $0.bodies[$0.next] = body
            return $0.next
        }
        guard csp_watcher_add(descriptor, pidfd, pid, token) == 0 else {
            state.withLock { _ = $0.bodies.removeValue(forKey: token) }
            return nil
        }
        return Token(value: token)
    }

    func cancel(_ token: Token) {
        state.withLock { _ = $0.bodies.removeValue(forKey: token.value) }
    }

    private func deliver() {
        let tokens = withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 64) { buffer in
            let count = csp_watcher_wait(descriptor, buffer.baseAddress, Int32(buffer.count))
            return Array(buffer.prefix(Int(count)))
        }
        for token in tokens {
            let body = state.withLock { $0.bodies.removeValue(forKey: token) }
            body?()
        }
    }
}
