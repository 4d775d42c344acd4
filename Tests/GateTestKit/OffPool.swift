import Dispatch

/// Runs blocking work on a thread of its own, so that the few threads of the task pool stay free for the code under test.
/// A queue for each piece: the shared queues make new threads only slowly when all of theirs are blocked.
package func offPool<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue(label: "blocking").async { continuation.resume(with: Result(catching: work)) }
    }
}
