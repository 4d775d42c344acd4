package import GateCore
import Synchronization

/// Holds the provider's keys and asks for them, one question at a time, in the task of ``run()``: whoever verifies a token looks at what is
/// here, and only for a key that is not does it wait.
package final class KeyStore: Sendable {
    /// Asks the provider.
    package typealias Ask = @Sendable () async -> Result<KeySet, KeyFault>

    /// How keys that are wanted were looked for.
    package enum Search: Sendable, Equatable {
        /// They were asked for, with whatever result.
        case asked
        /// Not yet again.
        case refused(retryAfter: Duration)
    }

    private struct State {
        var ring: KeyRing
        var waiting: [CheckedContinuation<Void, Never>] = []
        var isStopped = false
        var fault: KeyFault?
    }

    /// More than this many requests do not wait for one answer.
    static let mostWaiting = 1_000

    private let state: Mutex<State>
    private let ask: Ask
    private let now: @Sendable () -> Instant
    private let onAnswer: @Sendable (Result<KeySet, KeyFault>) -> Void
    private let questions: AsyncStream<Void>
    private let question: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - known: the keys that are known from the start.
    ///   - period: how old keys become before they are asked for again.
    ///   - onAnswer: told what came of each question.
    package init(
        known: KeySet?, period: Duration, now: @escaping @Sendable () -> Instant = { .now }, ask: @escaping Ask,
        onAnswer: @escaping @Sendable (Result<KeySet, KeyFault>) -> Void = { _ in }
    ) {
        var ring = KeyRing(period: period)
        if let known { ring.answered(known, now: now()) }
        state = Mutex(State(ring: ring))
        self.now = now
        self.ask = ask
        self.onAnswer = onAnswer
        (questions, question) = AsyncStream.makeStream()
    }

    /// The keys that count at present.
    package var keys: KeySet? { state.withLock { $0.ring.current(now: now()) } }

    /// For how long nobody will be asked for a key that is not here; nil when looking for one is worth while.
    package var pause: Duration? {
        let time = now()
        return state.withLock { $0.isStopped ? .seconds(1) : $0.ring.pause(now: time) }
    }

    /// Why the provider gave no keys when it was last asked.
    package var fault: KeyFault? { state.withLock { $0.fault } }

    /// Looks for keys that are not here, and returns when the provider has answered or will not be asked.
    package func search() async -> Search {
        let time = now()
        let refusal = state.withLock { state -> Duration? in
            guard !state.isStopped, state.waiting.count < KeyStore.mostWaiting else { return .seconds(1) }
            switch state.ring.want(now: time) {
            case .ask: question.yield()
            case .wait: break
            case .refuse(let pause): return pause
            }
            return nil
        }
        if let refusal { return .refused(retryAfter: refusal) }
        await withCheckedContinuation { done in
            let isOver = state.withLock { state in
                // It may have answered in between.
                guard state.ring.isAsking, !state.isStopped else { return true }
                state.waiting.append(done)
                return false
            }
            if isOver { done.resume() }
        }
        return .asked
    }

    /// To be called from time to time.
    package func tick() {
        let time = now()
        if state.withLock({ !$0.isStopped && $0.ring.tick(now: time) }) { question.yield() }
    }

    /// Asks again because the operator wants it.
    package func refresh() {
        let time = now()
        if state.withLock({ !$0.isStopped && $0.ring.demand(now: time) }) { question.yield() }
    }

    /// Asks until ``stop()``.
    package func run() async {
        tick()
        for await _ in questions {
            let answer = await ask()
            let time = now()
            let waiting = state.withLock { state in
                state.ring.answered(try? answer.get(), now: time)
                state.fault = if case .failure(let fault) = answer { fault } else { nil }
                defer { state.waiting = [] }
                return state.waiting
            }
            onAnswer(answer)
            for waiter in waiting { waiter.resume() }
        }
    }

    package func stop() {
        question.finish()
        let waiting = state.withLock { state in
            state.isStopped = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for waiter in waiting { waiter.resume() }
    }
}
