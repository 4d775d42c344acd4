import Synchronization

/// The way into the agent's thread: commands, and a wake-up only when the thread may be asleep.
final class AgentQueue: Sendable {
    enum Command: Sendable {
        case start(UInt64, CurlRequest, any CurlSink)
        case cancel(UInt64)
        case resume(UInt64)
        case stop
    }

    private struct State {
        var commands: [Command] = []
        var mayBeAsleep = false
        var isClosed = false
    }

    private let state = Mutex(State())
    private let waker: Waker
    private let lastID = Atomic<UInt64>(0)

    init(waker: Waker) {
        self.waker = waker
    }

    func makeID() -> UInt64 { lastID.add(1, ordering: .relaxed).newValue }

    /// False when the agent takes no more commands.
    @discardableResult
    func submit(_ command: Command) -> Bool {
        let (accepted, wake) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.commands.append(command)
            let wake = state.mayBeAsleep
            state.mayBeAsleep = false
            return (true, wake)
        }
        if wake { waker.wake() }
        return accepted
    }

    /// Moves all waiting commands into `commands`, which must be empty; its storage is reused for the next ones. When
    /// there are none, the next `submit` wakes the thread. Agent thread only.
    func take(into commands: inout [Command]) {
        state.withLock { state in
            swap(&state.commands, &commands)
            state.mayBeAsleep = commands.isEmpty
        }
    }

    /// The thread is up: no wake-up is needed until the next `take`.
    func awake() {
        state.withLock { $0.mayBeAsleep = false }
    }

    /// The last `take`: nothing is accepted afterwards.
    func close() -> [Command] {
        state.withLock { state in
            state.isClosed = true
            return state.commands
        }
    }
}
