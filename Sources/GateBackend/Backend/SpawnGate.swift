import Synchronization

/// Lets only so many backends start at once: starting is the most expensive thing they do, and they all do it together.
package final class SpawnGate: Sendable {
    private struct State {
        var free: Int
        var line: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    package init(width: Int = 4) { state = Mutex(State(free: max(1, width))) }

    /// Runs the body when there is room, in the order of arrival.
    func pass<Value: Sendable>(_ body: () async -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            let enters = state.withLock { state in
                if state.free > 0 {
                    state.free -= 1
                    return true
                }
                state.line.append(continuation)
                return false
            }
            if enters { continuation.resume() }
        }
        let value = await body()
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.line.isEmpty {
                state.free += 1
                return nil
            }
            return state.line.removeFirst()
        }
        next?.resume()
        return value
    }
}
