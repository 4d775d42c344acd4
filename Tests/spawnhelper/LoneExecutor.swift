import Dispatch
import Synchronization

/// Runs a task on the thread that waits for it: the system's own pool asks for threads, and waits for ever where it gets none.
final class LoneExecutor: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])
    private let arrived = DispatchSemaphore(value: 0)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        arrived.signal()
    }

    /// Blocks until the body has ended.
    func run(_ body: @escaping @Sendable () async -> Void) {
        let hasEnded = Flag()
        _ = Task(executorPreference: self) {
            await body()
            hasEnded.isSet.store(true, ordering: .releasing)
        }
        while !hasEnded.isSet.load(ordering: .acquiring) {
            arrived.wait()
            let job = jobs.withLock { $0.removeFirst() }
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }

    private final class Flag: Sendable {
        let isSet = Atomic<Bool>(false)
    }
}
