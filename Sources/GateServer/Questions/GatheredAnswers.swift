import GateBackend
import Synchronization

/// Waits for the answers to all questions of one round.
final class GatheredAnswers: Sendable {
    private struct State {
        var answers: [BackendQuestion.Answer?]
        var isClosed = false
        var waiter: CheckedContinuation<[BackendQuestion.Answer?], Never>?

        mutating func finished() -> (CheckedContinuation<[BackendQuestion.Answer?], Never>, [BackendQuestion.Answer?])?
        {
            guard isClosed || !answers.contains(where: { $0 == nil }), let waiter = waiter.take() else { return nil }
            return (waiter, answers)
        }
    }

    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(answers: Array(repeating: nil, count: count))) }

    func set(_ index: Int, _ answer: BackendQuestion.Answer) {
        let done = state.withLock { state in
            if state.answers.indices.contains(index), state.answers[index] == nil { state.answers[index] = answer }
            return state.finished()
        }
        done.map { $0.0.resume(returning: $0.1) }
    }

    /// Nothing more is waited for.
    func close() {
        let done = state.withLock { state in
            state.isClosed = true
            return state.finished()
        }
        done.map { $0.0.resume(returning: $0.1) }
    }

    /// The answers in the order of the questions, nil for those that were not answered when the round was closed.
    func wait() async -> [BackendQuestion.Answer?] {
        await withCheckedContinuation { continuation in
            let done = state.withLock { state in
                state.waiter = continuation
                return state.finished()
            }
            done.map { $0.0.resume(returning: $0.1) }
        }
    }
}
