import Synchronization

/// A value that arrives once, for one waiter, from any thread. Later values are dropped.
final class OneShot<Value: Sendable>: Sendable {
    private enum State {
        case empty
        case waiting(CheckedContinuation<Value, Never>)
        case full(Value)
        case done
    }

    private let state = Mutex(State.empty)

    func fulfil(_ value: Value) {
        let waiter: CheckedContinuation<Value, Never>? = state.withLock {
            switch $0 {
            case .empty:
                $0 = .full(value)
                return nil
            case .waiting(let continuation):
                $0 = .done
                return continuation
            case .full, .done: return nil
            }
        }
        waiter?.resume(returning: value)
    }

    /// Call once.
    func wait() async -> Value {
        await withCheckedContinuation { continuation in
            let ready: Value? = state.withLock {
                if case .full(let value) = $0 {
                    $0 = .done
                    return value
                }
                $0 = .waiting(continuation)
                return nil
            }
            if let ready { continuation.resume(returning: ready) }
        }
    }
}
