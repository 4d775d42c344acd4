import Synchronization

/// What is to be done once when something is over, also when it is over before that is known.
final class Ending: Sendable {
    private struct State {
        var body: (@Sendable () -> Void)?
        var isOver = false
    }

    private let state = Mutex(State())

    /// - Parameter body: called once, on the thread that says it is over; at once when it is over already.
    func whenOver(_ body: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            if !state.isOver { state.body = body }
            return state.isOver
        }
        if isLate { body() }
    }

    func over() {
        let body = state.withLock { state in
            state.isOver = true
            return state.body.take()
        }
        body?()
    }
}
