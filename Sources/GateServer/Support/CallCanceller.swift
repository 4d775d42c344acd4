import Synchronization

/// Cancels the task that works on one call, from any thread, as long as it does.
final class CallCanceller: Sendable {
    /// `cancel()` is what the type allows from other threads; it is only called while the task cannot have left ``run(_:)``.
    private struct Running: @unchecked Sendable {
        let task: UnsafeCurrentTask
    }

    private enum State {
        case waiting
        case running(Running)
        case cancelled
        case over
    }

    private let state = Mutex(State.waiting)

    /// Cancels the call, also when it has not begun.
    func cancel() {
        state.withLock { state in
            switch state {
            case .waiting: state = .cancelled
            case .running(let running):
                // Under the lock, so that the task cannot end meanwhile.
                running.task.cancel()
                state = .cancelled
            case .cancelled, .over: break
            }
        }
    }

    /// Runs the work of the call; ``cancel()`` cancels the current task until it returns.
    func run<Value: Sendable>(_ body: () async -> Value) async -> Value {
        await withUnsafeCurrentTask { task in
            if let running = task.map(Running.init(task:)) {
                state.withLock { state in
                    if case .cancelled = state { running.task.cancel() } else { state = .running(running) }
                }
            }
            defer { state.withLock { $0 = .over } }
            return await body()
        }
    }
}
