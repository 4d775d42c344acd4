package import GateCore
import Synchronization

/// Writes down what a call meets, for the log and for explanations. One for each call; nobody waits for its lock.
package final class CallTrace: Sendable {
    private let state = Mutex(CallFacts())

    package init() {}

    func enter(_ stage: CallFacts.Stage, now: Instant) { state.withLock { $0.enter(stage, now: now) } }

    func note(_ body: (inout CallFacts) -> Void) { state.withLock { body(&$0) } }

    /// The call is over.
    package func finish(now: Instant) -> CallFacts {
        state.withLock { facts in
            facts.enter(.gateway, now: now)
            return facts
        }
    }
}
