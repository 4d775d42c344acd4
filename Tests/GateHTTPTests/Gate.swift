import Synchronization

/// Holds tasks until it is opened, and tells when the first one has arrived.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var hasArrived = false
        var held: [CheckedContinuation<Void, Never>] = []
        var observers: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func wait() async {
        await withCheckedContinuation { continuation in
            let (observers, isOpen) = state.withLock { state in
                state.hasArrived = true
                if !state.isOpen { state.held.append(continuation) }
                defer { state.observers = [] }
                return (state.observers, state.isOpen)
            }
            for observer in observers { observer.resume() }
            if isOpen { continuation.resume() }
        }
    }

    func arrived() async {
        await withCheckedContinuation { continuation in
            let hasArrived = state.withLock { state in
                if !state.hasArrived { state.observers.append(continuation) }
                return state.hasArrived
            }
            if hasArrived { continuation.resume() }
        }
    }

    func open() {
        let held = state.withLock { state in
            state.isOpen = true
            defer { state.held = [] }
            return state.held
        }
        for continuation in held { continuation.resume() }
    }
}
