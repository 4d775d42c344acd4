package import GateCore
import Dispatch
import GRDB
import Synchronization

/// The one writer of a database. What waits is written in one transaction and made durable by one `fsync` (group commit): while one
/// commit is under way, the next gathers.
///
/// Writing happens on a thread of its own, so nothing of the rest waits for the disk.
final class StoreWriter: Sendable {
    /// A piece of work on the database, and whoever waits for it.
    protocol Job: Sendable {
        func run(_ database: Database) throws
        /// - Parameter failure: nil when it has been committed.
        func finish(_ failure: StoreFailure?)
    }

    private struct State {
        var waiting: [any Job] = []
        var isScheduled = false
        /// Why nothing is written any more.
        var broken: StoreFailure?
        var commits = 0
        var writtenSinceCheckpoint = 0
    }

    private let database: DatabasePool
    private let queue: DispatchQueue
    private let state = Mutex(State())
    private static let largestBatch = 512
    /// Jobs after which the log of writes is carried over into the database.
    private static let jobsToCheckpoint = 1_000

    init(_ database: DatabasePool, label: String) {
        self.database = database
        queue = DispatchQueue(label: label)
    }

    var broken: StoreFailure? { state.withLock { $0.broken } }
    /// Transactions so far.
    var commits: Int { state.withLock { $0.commits } }

    /// Returns when the work is on stable storage.
    ///
    /// The work must be such that a failing statement leaves nothing half done: others are in the same transaction.
    func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws(StoreFailure)
        -> Value
    {
        let result = await withCheckedContinuation { continuation in
            submit(WaitingJob(body: body, continuation: continuation))
        }
        return try result.get()
    }

    /// Does some work soon; nobody waits for it.
    ///
    /// - Parameter done: told on the writer's thread when it has been committed, or why it could not be.
    func later(
        _ body: @escaping @Sendable (Database) throws -> Void,
        then done: @escaping @Sendable (StoreFailure?) -> Void = { _ in }
    ) { submit(UnwatchedJob(body: body, done: done)) }

    private func submit(_ job: any Job) {
        let isFirst = state.withLock { state in
            state.waiting.append(job)
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if isFirst { queue.async { self.drain() } }
    }

    private func drain() {
        while true {
            let (batch, broken) = state.withLock { state in
                let batch = Array(state.waiting.prefix(StoreWriter.largestBatch))
                state.waiting.removeFirst(batch.count)
                if batch.isEmpty { state.isScheduled = false }
                return (batch, state.broken)
            }
            if batch.isEmpty { return }
            let failure = broken ?? commit(batch)
            if case .failed? = failure, batch.count > 1 {
                // One of them may be what fails: the others are not refused on its account.
                for job in batch { job.finish(commit([job])) }
            } else {
                for job in batch { job.finish(failure) }
            }
        }
    }

    private func commit(_ batch: [any Job]) -> StoreFailure? {
        do {
            try database.writeWithoutTransaction { database in
                try database.inTransaction(.immediate) {
                    for job in batch {
                        try job.run(database)
                        // SQLite itself has given the whole transaction up.
                        guard database.isInsideTransaction else {
                            throw StoreFailure.failed("the write was rolled back")
                        }
                    }
                    return .commit
                }
            }
        } catch {
            return noted(StoreFailure(error))
        }
        let isDue = state.withLock { state in
            state.commits += 1
            state.writtenSinceCheckpoint += batch.count
            return state.writtenSinceCheckpoint >= StoreWriter.jobsToCheckpoint
        }
        if isDue { checkpoint() }
        return nil
    }

    private func noted(_ failure: StoreFailure) -> StoreFailure {
        if case .broken = failure { state.withLock { $0.broken = failure } }
        return failure
    }

    /// Carries the log of writes over into the database. What it holds stays durable if this fails; an `fsync` that fails is the end.
    private func checkpoint() {
        state.withLock { $0.writtenSinceCheckpoint = 0 }
        do {
            _ = try database.writeWithoutTransaction { try $0.checkpoint(.passive) }
        } catch {
            _ = noted(StoreFailure(error))
        }
    }

    /// Carries everything over and closes the database; nothing is written afterwards.
    func close() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            queue.async { [self] in
                let isWhole = state.withLock { state in
                    defer { state.broken = state.broken ?? .failed("the store is closed") }
                    return state.broken == nil
                }
                if isWhole { _ = try? database.writeWithoutTransaction { try $0.checkpoint(.truncate) } }
                try? database.close()
                continuation.resume()
            }
        }
    }
}

/// Work whose result somebody waits for.
private final class WaitingJob<Value: Sendable>: StoreWriter.Job {
    private let body: @Sendable (Database) throws -> Value
    private let continuation: CheckedContinuation<Result<Value, StoreFailure>, Never>
    private let value = Mutex<Value?>(nil)

    init(
        body: @escaping @Sendable (Database) throws -> Value,
        continuation: CheckedContinuation<Result<Value, StoreFailure>, Never>
    ) {
        self.body = body
        self.continuation = continuation
    }

    func run(_ database: Database) throws {
        let made = try body(database)
        value.withLock { $0 = made }
    }

    func finish(_ failure: StoreFailure?) {
        guard failure == nil, let value = value.withLock({ $0 }) else {
            return continuation.resume(returning: .failure(failure ?? .failed("nothing was written")))
        }
        continuation.resume(returning: .success(value))
    }
}

private struct UnwatchedJob: StoreWriter.Job {
    let body: @Sendable (Database) throws -> Void
    let done: @Sendable (StoreFailure?) -> Void

    func run(_ database: Database) throws { try body(database) }
    func finish(_ failure: StoreFailure?) { done(failure) }
}

extension StoreFailure {
    /// What an error of the database means for whoever asked.
    package init(_ error: any Error) {
        if let failure = error as? StoreFailure {
            self = failure
            return
        }
        guard let error = error as? DatabaseError else {
            self = .failed("\(error)")
            return
        }
        let reason = "\(error.message ?? "no reason given") (SQLite \(error.extendedResultCode.rawValue))"
        switch error.resultCode {
        case .SQLITE_FULL: self = .full(reason)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .broken("the file is damaged: \(reason)")
        case .SQLITE_IOERR:
            let unsure: [ResultCode] = [
                .SQLITE_IOERR_FSYNC, .SQLITE_IOERR_DIR_FSYNC, .SQLITE_IOERR_TRUNCATE, .SQLITE_IOERR_CLOSE,
            ]
            self =
                unsure.contains(error.extendedResultCode)
                ? .broken("what was written is not certain to be on the disk: \(reason)") : .failed(reason)
        default: self = .failed(reason)
        }
    }
}
