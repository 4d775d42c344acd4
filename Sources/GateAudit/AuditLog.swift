package import GateCore
import Dispatch
package import GateCrypto
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The audit log of a running gateway. Records that come together are written and made durable together (group commit), on a thread of
/// its own.
package final class AuditLog: Sendable {
    package struct Options: Sendable {
        /// Whether a call waits until its beginning is on the disk, and is refused when it cannot be. Otherwise calls go on, and what
        /// is lost is counted and written down as a gap.
        package var blocks = true
        package var segmentBytes = 256 * 1_024 * 1_024
        /// Records between two signatures.
        package var checkpointRecords = 1_000
        /// Seconds after which something that was written is signed.
        package var checkpointSeconds = 60

        package init() {}
    }

    private struct Job {
        let kind: String
        let members: [UInt8]
        let time: String
        let monotonic: UInt64
        let continuation: CheckedContinuation<StoreFailure?, Never>?
    }

    private struct Waiting {
        var jobs: [Job] = []
        var isScheduled = false
        var lost = 0
        var broken: StoreFailure?
        var isClosed = false
    }

    /// Touched on the queue only.
    private final class Writing: @unchecked Sendable {
        var chain: AuditChain
        var file: AuditFile?
        var segment: Int
        var sinceCheckpoint = 0
        /// Records that were lost and are not written down as a gap yet.
        var gap = 0
        var isTimerSet = false

        init(chain: AuditChain, segment: Int) {
            self.chain = chain
            self.segment = segment
        }
    }

    package let folder: AuditFolder
    private let options: Options
    private let key: SigningKey
    private let clock: @Sendable () -> String
    private let onHead: @Sendable (AuditChain.Head) -> Void
    private let queue = DispatchQueue(label: "stonegate.audit")
    private let waiting = Mutex(Waiting())
    private let writing: Writing
    private let origin = DispatchTime.now().uptimeNanoseconds

    private static let largestBatch = 512
    /// Ends of calls that may wait for a disk that is full; more are lost and counted.
    private static let mostWaiting = 100_000

    /// Goes on with the log of a directory, or begins one.
    ///
    /// - Parameters:
    ///   - clock: the time as RFC 3339.
    ///   - report: told in words what was found wrong and mended.
    ///   - onHead: told each head that has been signed; a copy of it elsewhere proves later that nothing was cut off.
    /// - Throws: when the log cannot be trusted or written; in words for the operator.
    package init(
        folder: AuditFolder, key: SigningKey, options: Options, clock: @escaping @Sendable () -> String,
        report: (String) -> Void, onHead: @escaping @Sendable (AuditChain.Head) -> Void
    ) throws(StoreFailure) {
        self.folder = folder
        self.options = options
        self.key = key
        self.clock = clock
        self.onHead = onHead
        guard mkdir(folder.path, 0o700) == 0 || errno == EEXIST else {
            throw .failed("\(folder.path) cannot be made: \(String(cString: strerror(errno)))")
        }
        if folder.key == nil {
            var file = try AuditFile(path: folder.keyFile)
            try file.append(Array("\(key.verification.text)\n".utf8))
        }
        let found = try AuditRecovery.find(folder, key: key.verification, blocks: options.blocks, report: report)
        writing = Writing(chain: AuditChain(head: found.head), segment: found.segment)
        writing.file = found.segment == 0 || found.beginsNew ? nil : try AuditFile(path: folder.segment(found.segment))
        for record in found.records { submit(record.kind, record.members, nil) }
    }

    package var lost: Int { waiting.withLock { $0.lost } }
    /// Why nothing is written any more.
    package var broken: StoreFailure? { waiting.withLock { $0.broken } }

    // MARK: Writing down

    /// Returns when the record is on the disk. Without ``Options/blocks`` it returns at once.
    ///
    /// - Parameter members: of the record, as JSON text without braces.
    /// - Throws: when it is not, and never will be.
    package func append(_ kind: String, _ members: [UInt8]) async throws(StoreFailure) {
        guard options.blocks else { return submit(kind, members, nil) }
        let failure = await withCheckedContinuation { submit(kind, members, $0) }
        if let failure { throw failure }
    }

    /// Writes the record soon.
    package func note(_ kind: String, _ members: [UInt8]) { submit(kind, members, nil) }

    private func submit(_ kind: String, _ members: [UInt8], _ continuation: CheckedContinuation<StoreFailure?, Never>?)
    {
        let job = Job(
            kind: kind, members: members, time: clock(), monotonic: DispatchTime.now().uptimeNanoseconds &- origin,
            continuation: continuation)
        enum Next { case nothing, start, refuse(StoreFailure) }
        let next = waiting.withLock { waiting -> Next in
            if waiting.isClosed { return .refuse(.failed("the audit log is closed")) }
            if let broken = waiting.broken {
                waiting.lost += 1
                return .refuse(broken)
            }
            guard continuation != nil || waiting.jobs.count < AuditLog.mostWaiting else {
                waiting.lost += 1
                return .nothing
            }
            waiting.jobs.append(job)
            defer { waiting.isScheduled = true }
            return waiting.isScheduled ? .nothing : .start
        }
        switch next {
        case .nothing: break
        case .start: queue.async { self.drain() }
        case .refuse(let failure): continuation?.resume(returning: failure)
        }
    }

    private func drain() {
        while true {
            let batch = waiting.withLock { waiting in
                let batch = Array(waiting.jobs.prefix(AuditLog.largestBatch))
                waiting.jobs.removeFirst(batch.count)
                if batch.isEmpty { waiting.isScheduled = false }
                return batch
            }
            if batch.isEmpty { return }
            do throws(StoreFailure) {
                try write(batch)
                for job in batch { job.continuation?.resume(returning: nil) }
            } catch {
                if !failed(batch, error) { return }
            }
        }
    }

    /// - Returns: whether to go on at once.
    private func failed(_ batch: [Job], _ failure: StoreFailure) -> Bool {
        for job in batch { job.continuation?.resume(returning: failure) }
        let rest = batch.filter { $0.continuation == nil }
        if case .broken = failure {
            waiting.withLock { waiting in
                waiting.broken = failure
                waiting.lost += rest.count
            }
            return true
        }
        if options.blocks {
            // What has happened is written down when there is room again, before anything new.
            waiting.withLock { $0.jobs.insert(contentsOf: rest, at: 0) }
            if !rest.isEmpty {
                queue.asyncAfter(deadline: .now() + 1) { self.drain() }
                return false
            }
            return true
        }
        writing.gap += rest.count
        waiting.withLock { $0.lost += rest.count }
        return true
    }

    // MARK: On the queue

    private func write(_ batch: [Job]) throws(StoreFailure) {
        try openSegment()
        var chain = writing.chain
        var lines: [UInt8] = []
        func add(_ kind: String, _ members: [UInt8], _ time: String, _ monotonic: UInt64) {
            lines += chain.append(kind: kind, members: members, time: time, monotonic: monotonic) + [0x0A]
        }
        if writing.gap > 0, let first = batch.first {
            add("gap", Array("\"lost\":\(writing.gap)".utf8), first.time, first.monotonic)
        }
        for job in batch { add(job.kind, job.members, job.time, job.monotonic) }
        var isSigned = false
        if writing.sinceCheckpoint + batch.count >= options.checkpointRecords {
            add("checkpoint", try signature(chain.head), clock(), DispatchTime.now().uptimeNanoseconds &- origin)
            isSigned = true
        }
        try writing.file?.append(lines)
        writing.chain = chain
        writing.gap = 0
        writing.sinceCheckpoint = isSigned ? 0 : writing.sinceCheckpoint + batch.count
        if isSigned { onHead(chain.head) } else { setTimer() }
    }

    private func signature(_ head: AuditChain.Head) throws(StoreFailure) -> [UInt8] {
        guard let signature = key.sign(AuditChain.signed(head)) else { throw .failed("the head could not be signed") }
        return Array("\"signature\":\"\(Hex.encode(signature))\"".utf8)
    }

    private func setTimer() {
        guard !writing.isTimerSet else { return }
        writing.isTimerSet = true
        queue.asyncAfter(deadline: .now() + .seconds(options.checkpointSeconds)) { [weak self] in
            guard let self else { return }
            self.writing.isTimerSet = false
            self.sign()
        }
    }

    /// Signs what has been written since the last signature.
    private func sign() {
        guard writing.sinceCheckpoint > 0, broken == nil, writing.file != nil else { return }
        var chain = writing.chain
        do throws(StoreFailure) {
            let line = chain.append(
                kind: "checkpoint", members: try signature(chain.head), time: clock(),
                monotonic: DispatchTime.now().uptimeNanoseconds &- origin)
            try writing.file?.append(line + [0x0A])
            writing.chain = chain
            writing.sinceCheckpoint = 0
            onHead(chain.head)
        } catch {
            if case .broken = error { waiting.withLock { $0.broken = error } }
        }
    }

    /// Begins a new file when there is none, or the present one is full.
    private func openSegment() throws(StoreFailure) {
        if let size = writing.file?.size, size < options.segmentBytes { return }
        var file = try AuditFile(path: folder.segment(writing.segment + 1))
        var chain = writing.chain
        let header =
            "\"format\":1,\"segment\":\(writing.segment + 1),\"public_key\":\"\(key.verification.text)\"".utf8
        let line = chain.append(
            kind: "open", members: Array(header), time: clock(),
            monotonic: DispatchTime.now().uptimeNanoseconds &- origin)
        // What an attempt that failed has left there is no record of anything.
        if file.size > 0 { try file.cut(to: 0) }
        try file.append(line + [0x0A])
        writing.file = consume file
        writing.segment += 1
        writing.chain = chain
    }

    /// Writes all that waits, signs it, and closes the log.
    package func close() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            queue.async {
                self.drain()
                self.sign()
                self.waiting.withLock { $0.isClosed = true }
                self.writing.file = nil
                continuation.resume()
            }
        }
    }
}
