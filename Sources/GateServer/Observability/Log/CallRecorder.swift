import GateCore
import GateStore
import Logging
import NIOCore
import Synchronization

/// Takes what is to be remembered of calls from their path, and writes it in batches: a call pays for putting a value into an array.
final class CallRecorder: Sendable {
    struct Options: Sendable {
        /// Whether lines are written; statistics are kept in any case.
        var writesLog = true
        var retention = Duration.seconds(604_800)
        var maxBytes = 256 * 1_024 * 1_024
    }

    private struct Entry: Sendable {
        let record: CallRecord
        let arguments: ByteBuffer?
    }

    private struct State {
        var waiting: [Entry] = []
        /// Bytes of arguments that wait for their digest.
        var bytes = 0
        var isScheduled = false
        var flushes: [CheckedContinuation<Void, Never>] = []
        var lost = 0
        var isStopped = false
    }

    private let store: any CallLogStore
    private let digest: ArgumentDigest
    private let options: Options
    private let loop: any EventLoop
    private let logger: Logger
    private let state = Mutex(State())
    /// Apart from the state, so that no call waits while a batch is counted.
    private let counted = Mutex(CallStatistics())
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    private static let delay = TimeAmount.milliseconds(100)
    private static let batch = 1_000
    /// More than these are counted as lost: the disk is slower than the calls, and calls go first.
    private static let mostWaiting = 100_000
    private static let mostBytes = 16 * 1_024 * 1_024
    private static let name = "statistics"
    private static let saveInterval = Duration.seconds(30)
    private static let trimInterval = Duration.seconds(60)

    init(
        store: any CallLogStore, digest: ArgumentDigest, options: Options = Options(), loop: any EventLoop,
        logger: Logger
    ) {
        self.store = store
        self.digest = digest
        self.options = options
        self.loop = loop
        self.logger = logger
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Records that were not written because they came faster than the disk takes them.
    var lost: Int { state.withLock { $0.lost } }

    /// - Parameter arguments: kept until their digest is made.
    func record(_ record: CallRecord, _ arguments: ByteBuffer?) {
        let size = options.writesLog ? arguments?.readableBytes ?? 0 : 0
        let (isFirst, isFull) = state.withLock { state -> (Bool, Bool) in
            guard state.waiting.count < CallRecorder.mostWaiting else {
                state.lost += 1
                return (false, false)
            }
            let keeps = size > 0 && state.bytes + size <= CallRecorder.mostBytes
            state.waiting.append(Entry(record: record, arguments: keeps ? arguments : nil))
            if keeps { state.bytes += size }
            let isFirst = !state.isScheduled
            state.isScheduled = true
            return (isFirst, state.waiting.count == CallRecorder.batch)
        }
        if isFull {
            wake.yield()
        } else if isFirst {
            loop.scheduleTask(in: CallRecorder.delay) { [wake] in _ = wake.yield() }
        }
    }

    /// Returns when all that was recorded before is counted, and in the log.
    func flush() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isStopped = state.withLock { state in
                if !state.isStopped { state.flushes.append(continuation) }
                return state.isStopped
            }
            if isStopped { continuation.resume() } else { wake.yield() }
        }
    }

    func statistics() -> CallStatistics { counted.withLock { $0 } }

    // MARK: Writing

    /// Writes until ``stop()``.
    func run() async {
        if let kept = try? await store.load(CallRecorder.name) {
            counted.withLock { StatisticsText.read(kept, into: &$0) }
        }
        var (saved, trimmed) = (Instant.now, Instant.now)
        var isChanged = false
        for await _ in wakes {
            isChanged = await write() || isChanged
            let now = Instant.now
            if isChanged, saved.duration(to: now) >= CallRecorder.saveInterval {
                await save()
                (saved, isChanged) = (now, false)
            }
            if trimmed.duration(to: now) >= CallRecorder.trimInterval {
                trimmed = now
                await trim()
            }
        }
        state.withLock { $0.isStopped = true }
        if await write() || isChanged { await save() }
        for flush in state.withLock({ $0.flushes }) { flush.resume() }
    }

    func stop() { wake.finish() }

    /// - Returns: whether there was anything to write.
    private func write() async -> Bool {
        let (entries, flushes) = state.withLock { state in
            let entries = state.waiting
            let flushes = state.flushes
            state.waiting = []
            state.waiting.reserveCapacity(min(entries.count, CallRecorder.batch))
            state.flushes = []
            state.bytes = 0
            state.isScheduled = false
            return (entries, flushes)
        }
        let now = Instant.now
        counted.withLock { statistics in
            for entry in entries { statistics.record(entry.record, now: now) }
        }
        if !entries.isEmpty, options.writesLog {
            let rows = entries.map { entry in
                let call = entry.record
                return LogRow(
                    time: call.time, correlationID: call.correlationID, agent: call.agent, server: call.server,
                    tool: call.tool, status: call.status.rawValue,
                    record: RecordText.write(call, entry.arguments, digest))
            }
            do throws(StoreFailure) {
                _ = try await store.append(rows)
            } catch {
                state.withLock { $0.lost += rows.count }
                logger.warning("\(rows.count) lines of the call log are lost: \(error.reason)")
            }
        }
        for flush in flushes { flush.resume() }
        return !entries.isEmpty
    }

    private func save() async {
        try? await store.save(CallRecorder.name, StatisticsText.write(statistics()))
    }

    private func trim() async {
        let oldest = WallClock.milliseconds() - options.retention.wholeMilliseconds
        try? await store.trim(before: oldest, maxBytes: options.maxBytes)
    }
}
