import Dispatch

/// Runs blocking work on a thread of its own kind, so that the few threads of the task pool stay free for the code under
/// test.
package func offPool<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result(catching: work)) }
    }
}
