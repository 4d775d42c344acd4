import Dispatch
package import GateConfig
package import GateCore
import GateCrypto
package import GateLicense
package import GateCurl
import GateProtocol
package import Logging
import Synchronization

/// Holds the license of this installation: what is known of it, on the disk and in memory, and whom to ask.
///
/// One thread decides and writes, so that events have one order and what was decided is on the disk before it counts.
package final class LicenseKeeper: LicenseDesk {
    struct Core: Sendable {
        var record: LicenseRecord
        var ring: KeyRing
        var nonce = OutstandingNonce()
        var schedule: HeartbeatSchedule
        var isAsking = false
        /// What is wrong with the files, for the operator.
        var fileProblems: [String] = []
        /// What could not be written, until it can be.
        var saveProblem: String?
        /// The file of the state is there and cannot be used: it is left as it is until something new is to be kept.
        var keepsUnusable = false
        /// Answers that did not count.
        var ignored = 0
        /// Why the last heartbeat brought nothing.
        var lastProblem: String?
        var lastSave = 0
    }

    /// Writes into the audit log: what happened, to which license, `ok` or a code, and more in words.
    package typealias Record =
        @Sendable (_ action: String, _ target: String, _ result: String, _ detail: String?) -> Void

    let current = CurrentLicense()
    package var view: any LicenseView { current }
    let core: Mutex<Core>
    let files: LicenseFiles
    let client: LicenseClient
    let sendsTelemetry: Bool
    let logger: Logger
    let record: Record
    let clock: @Sendable () -> LicenseTime
    let random: @Sendable () -> Double
    let counts = Mutex<(@Sendable () async -> Telemetry)?>(nil)
    private let queue = DispatchQueue(label: "stonegate.license")
    private let wishes: AsyncStream<Void>
    private let wish: AsyncStream<Void>.Continuation
    private static let saveEvery = 3_600

    package init(
        _ config: GatewayConfig, _ directory: StateDirectory, transport: LicenseTransport, version: String,
        logger: Logger, clock: @escaping @Sendable () -> LicenseTime = LicenseKeeper.machineTime,
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }, record: @escaping Record
    ) {
        self.clock = clock
        self.random = random
        self.logger = logger
        self.record = record
        sendsTelemetry = config.license.telemetry
        client = LicenseClient(server: config.license.licenseServer, version: version, transport: transport)
        files = LicenseFiles(directory, entitlementPath: config.license.keyFile)
        (wishes, wish) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        let (loaded, found) = LicenseKeeper.load(
            files, pinned: LicenseKeeper.pinned(config), time: clock(), random: random())
        core = Mutex(loaded)
        for problem in loaded.fileProblems { logger.warning("license: \(problem)") }
        queue.sync {
            if let found { take(found: found) } else { _ = advance(.tick) }
        }
    }

    /// The keys that this build trusts, and those that the operator trusts: two authorities.
    static func pinned(_ config: GatewayConfig) -> [[VerificationKey]] {
        [BuiltInKeys.all, config.license.trustedKeys.compactMap { VerificationKey(licenseText: $0) }]
    }

    package static let machineTime: @Sendable () -> LicenseTime = {
        LicenseTime(wall: WallClock.milliseconds() / 1_000, steady: SteadyClock.passed() / 1_000)
    }

    /// What telemetry has to tell; asked for each heartbeat.
    package func tell(_ counts: @escaping @Sendable () async -> Telemetry) { self.counts.withLock { $0 = counts } }

    // MARK: Running

    /// Makes heartbeats when they are due until ``stop()``.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for await _ in wishes { group.addTask { _ = try? await self.beat() } }
            group.cancelAll()
        }
    }

    /// Looks at the clock; to be called about twice a minute, on any thread.
    package func tick() {
        queue.async { [self] in
            _ = advance(.tick)
            let now = clock().steady
            let isDue = core.withLock { core in
                core.record.state.terms != nil && core.schedule.due <= now && !core.isAsking && !core.ring.isEmpty
            }
            if isDue { wish.yield() }
        }
    }

    /// Ends ``run()``.
    package func endHeartbeats() { wish.finish() }

    /// Keeps the time that has passed; the last thing that is done.
    package func finish() async {
        await perform { [self] in
            _ = advance(.tick)
            if core.withLock({ $0.record.state.terms != nil && !$0.keepsUnusable }) { save() }
        }
    }

    // MARK: One thread

    func perform<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in queue.async { continuation.resume(returning: body()) } }
    }

    /// Tells the license of an event. What it has led to is in the audit log and on the disk before it counts.
    func advance(_ event: LicenseEvent, _ also: (inout Core) -> Void = { _ in }) -> [LicenseNote] {
        let time = clock()
        let (notes, state, wantsSave) = core.withLock { core in
            let notes = core.record.state.handle(event, at: time)
            also(&core)
            let isOld = time.steady - core.lastSave >= LicenseKeeper.saveEvery
            let hasLicense = core.record.state.terms != nil
            let wants = isWorthSaving(notes) || (isOld && hasLicense && !core.keepsUnusable)
            return (notes, core.record.state, wants)
        }
        tell(notes, of: state)
        if wantsSave { save() }
        current.set(state.grant)
        return notes
    }

    /// A standing that comes and goes with the network is not kept.
    private func isWorthSaving(_ notes: [LicenseNote]) -> Bool {
        notes.contains { note in
            switch note {
            case .changed(_, let to, _): to != .renewing
            case .renewed, .clockAhead: true
            case .refused: false
            }
        }
    }

    /// Writes what is known. A disk that is full takes nothing away: what counts goes on to count, and is written when it can be.
    @discardableResult func save() -> GateError? {
        let (json, now) = core.withLock { core in
            core.record.rotations = core.ring.rotations
            core.record.used = core.ring.used
            return (core.record.json, clock().steady)
        }
        do throws(GateError) {
            try files.save(state: json)
            core.withLock { core in
                core.saveProblem = nil
                core.keepsUnusable = false
                core.lastSave = now
            }
            return nil
        } catch {
            let isNew = core.withLock { core in
                defer { core.saveProblem = error.message }
                return core.saveProblem == nil
            }
            if isNew { logger.error("license: \(error.message)") }
            return error
        }
    }
}

extension LicenseKeeper {
    /// With a client of its own for the license server.
    package convenience init(
        _ config: GatewayConfig, _ directory: StateDirectory, logger: Logger, record: @escaping Record
    ) throws(CurlError) {
        self.init(
            config, directory, transport: try LicenseTransport.curl(), version: StonegateVersion.current,
            logger: logger, record: record)
    }
}
