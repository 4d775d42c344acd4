import GateCore
import NIOCore
import Synchronization

/// Lets only so many backends start at once: starting is the most expensive thing they do, and they all do it together.
///
/// One that takes long makes room for the next: it waits for something rather than works, and others must not wait for it.
package final class SpawnGate: Sendable {
    private struct State {
        var free: Int
        var line: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>
    /// After this long a start no longer counts.
    private let hold: Duration

    package init(width: Int = 4, hold: Duration = .seconds(3)) {
        state = Mutex(State(free: max(1, width)))
        self.hold = hold
    }

    /// Runs the body when there is room, in the order of arrival.
    func pass<Value: Sendable>(on loop: any EventLoop, _ body: () async -> Value) async -> Value {
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
        let turn = Turn()
        let timer = loop.scheduleTask(in: .nanoseconds(hold.wholeNanoseconds)) { if turn.end() { self.leave() } }
        let value = await body()
        timer.cancel()
        if turn.end() { leave() }
        return value
    }

    /// Ends once.
    private final class Turn: Sendable {
        private let isOn = Mutex(true)

        func end() -> Bool {
            isOn.withLock { isOn in
                defer { isOn = false }
                return isOn
            }
        }
    }

    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.line.isEmpty {
                state.free += 1
                return nil
            }
            return state.line.removeFirst()
        }
        next?.resume()
    }
}
