import GateCore
import GateStore
import Logging
import NIOCore
import Synchronization

/// Takes what is to be remembered of calls from their path, and counts and writes it in batches on a thread of its own: a call pays for
/// putting values into arrays.
final class CallRecorder: Sendable {
    struct Options: Sendable {
        /// Whether lines are written; statistics are kept in any case.
        var writesLog = true
        var retention = Duration.seconds(604_800)
        var maxBytes = 256 * 1_024 * 1_024
    }

    private struct Entry: Sendable {
        let record: CallRecord
        let arguments: Arguments?
    }

    private enum Arguments: Sendable {
        /// A part of the batch's own bytes. To keep the call's buffer would keep all that was read with it, and cost the next request a new one.
        case copied(Range<Int>)
        case kept(ByteBuffer)
    }

    private struct State {
        var waiting: [Entry] = []
        var copied = ByteBuffer()
        /// Bytes of arguments that wait for their digest.
        var bytes = 0
        var isScheduled = false
        var flushes: [CheckedContinuation<Void, Never>] = []
        var lost = 0
        var isStopped = false

        mutating func keep(_ arguments: ByteBuffer) -> Arguments? {
            let size = arguments.readableBytes
            guard bytes + size <= CallRecorder.mostBytes else { return nil }
            bytes += size
            guard size <= CallRecorder.mostCopied else { return .kept(arguments) }
            let start = copied.writerIndex
            copied.writeImmutableBuffer(arguments)
            return .copied(start..<start + size)
        }
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
    /// Arguments that wait for their digest; what would be more has none.
    private static let mostBytes = 16 * 1_024 * 1_024
    private static let mostCopied = 16_384
    private static let blockCapacity = 256 * 1_024
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

    func record(_ record: CallRecord, _ arguments: ByteBuffer?) {
        let (isFirst, isFull) = state.withLock { state -> (Bool, Bool) in
            guard state.waiting.count < CallRecorder.mostWaiting else {
                state.lost += 1
                return (false, false)
            }
            let arguments = options.writesLog ? arguments.flatMap { state.keep($0) } : nil
            state.waiting.append(Entry(record: record, arguments: arguments))
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

    /// - Returns: whether there were calls.
    private func write() async -> Bool {
        let batch = state.withLock { state in
            let batch = state
            state.waiting = []
            state.waiting.reserveCapacity(min(batch.waiting.count, CallRecorder.batch))
            state.copied = ByteBuffer()
            state.bytes = 0
            state.isScheduled = false
            state.flushes = []
            return batch
        }
        let now = Instant.now
        counted.withLock { statistics in
            for entry in batch.waiting { statistics.record(entry.record, now: now) }
        }
        if options.writesLog, !batch.waiting.isEmpty {
            do throws(StoreFailure) {
                _ = try await store.append(blocks(batch))
            } catch {
                state.withLock { $0.lost += batch.waiting.count }
                logger.warning("\(batch.waiting.count) lines of the call log are lost: \(error.reason)")
            }
        }
        for flush in batch.flushes { flush.resume() }
        return !batch.waiting.isEmpty
    }

    private func blocks(_ batch: State) -> [LogBlock] {
        var blocks: [LogBlock] = []
        for entry in batch.waiting {
            let arguments: ByteBuffer? =
                switch entry.arguments {
                case .copied(let range)?: batch.copied.getSlice(at: range.lowerBound, length: range.count)
                case .kept(let buffer)?: buffer
                case nil: nil
                }
            if blocks.last?.isFull ?? true { blocks.append(LogBlock(capacity: CallRecorder.blockCapacity)) }
            let call = entry.record
            blocks[blocks.count - 1].append(
                LogRow(
                    time: call.time, correlationID: call.correlationID, agent: call.agent, server: call.server,
                    tool: call.tool, status: call.status.rawValue, record: RecordText.write(call, arguments, digest)))
        }
        return blocks
    }

    private func save() async {
        try? await store.save(CallRecorder.name, StatisticsText.write(statistics()))
    }

    private func trim() async {
        let oldest = WallClock.milliseconds() - options.retention.wholeMilliseconds
        try? await store.trim(before: oldest, maxBytes: options.maxBytes)
    }
}
