import GateBackend
import GateConfig
package import GateCore
package import GateProtocol
package import GateStore
package import NIOCore
import Synchronization

/// Calls that nobody has to wait for: accepted, carried out in the background, their outcome kept for whoever submitted them.
///
/// A call is accepted when it lies in the store, sent when the store says so, ended when its outcome lies there: whatever happens to
/// the process, no accepted call is lost, and none that may have been sent is sent again unless its tool may be repeated.
///
/// The calls run in the task group of ``run(_:)``, which belongs to the gateway's life. At one server only so many run at once;
/// others wait here, fair between agents, so that calls whose callers wait find their places at the server free.
package final class AsyncCalls: Sendable {
    package struct Limits: Sendable {
        /// The longest that a call may take, waiting included, and what it may take when nobody says less.
        package var timeout: Duration = .seconds(86_400)
        /// How long an outcome is kept, counted from the end of the call.
        package var resultTTL: Duration = .seconds(86_400)
        /// Calls that have not ended.
        package var pending = 10_000
        package var pendingPerAgent = 1_000
        package var resultBytes = 16 * 1_024 * 1_024
        /// Calls with one server at once.
        package var runningPerServer = 32
        /// How long after a start nothing is forgotten: until then somebody may notice that the clock is wrong.
        package var expiryGrace = Duration.zero

        package init() {}
    }

    /// What the calls are carried out with.
    struct Work: Sendable {
        let perform: @Sendable (GatewayCall) async throws(GateError) -> CallReply
        /// Whether a call does no harm when it is carried out twice, by the word of a server that the operator trusts.
        let mayRepeat: @Sendable (GatewayCall) -> Bool
    }

    enum Arrival: Sendable {
        /// To be carried out; with the server at which it has a place.
        case call(AsyncCallID, place: ExactText?)
        case changed(AsyncCallID)
        /// It ran when an earlier run of the gateway ended.
        case orphaned(AsyncCallID)
        case cancelled(AsyncCallID)
        case ownerLeft(InstanceOwner)
        case collected(AsyncCallID)
        case upkeep
        case drain
    }

    struct State {
        var calls: [AsyncCallID: AsyncEntry] = [:]
        /// Calls that wait for a place, by their sequence number.
        var waiting: [UInt64: AsyncCallID] = [:]
        var lines: [ExactText: AdmissionQueue] = [:]
        var perAgent: [ExactText: Int] = [:]
        var watchers: [UInt64: AsyncWatcher] = [:]
        var lastSequence: UInt64 = 0
        var lastNumber: UInt64 = 0
        /// Set when no more calls are taken: why.
        var closed: GateError?
        var ticker: RepeatedTask?
        /// Set when what runs is not waited for any more.
        var isShutDown = false
    }

    let state = Mutex(State())
    let limits: Limits
    let store: any CallStore
    let budget: MemoryBudget
    let loop: any EventLoop
    /// Milliseconds since 1970.
    let clock: @Sendable () -> Int
    private let random: @Sendable () -> AsyncCallID
    let started = Instant.now
    private let callbacks: CallbackPolicy
    private let quotas: TenantQuotas?
    /// Told of the ends of calls that have a callback.
    private let ended = Mutex<(@Sendable (AsyncCallRecord, String) -> Void)?>(nil)
    private let arrivals: AsyncStream<Arrival>
    let arrive: AsyncStream<Arrival>.Continuation

    /// How often what has expired is looked for.
    private static let upkeepInterval = TimeAmount.seconds(15)

    /// - Parameters:
    ///   - loop: where waits and expiry are timed.
    ///   - callbacks: which URLs may be told of ends.
    package init(
        limits: Limits = Limits(), callbacks: CallbackPolicy = CallbackPolicy(hosts: []), store: any CallStore,
        budget: MemoryBudget, quotas: TenantQuotas? = nil, loop: any EventLoop,
        clock: @escaping @Sendable () -> Int = SteadyClock().milliseconds,
        ids: @escaping @Sendable () -> AsyncCallID = {
            var random = SystemRandomNumberGenerator()
            return AsyncCallID(using: &random)
        }
    ) {
        self.limits = limits
        self.callbacks = callbacks
        self.quotas = quotas
        self.store = store
        self.budget = budget
        self.loop = loop
        self.clock = clock
        random = ids
        (arrivals, arrive) = AsyncStream.makeStream()
    }

    convenience init(
        _ config: GatewayConfig, store: any CallStore, budget: MemoryBudget, quotas: TenantQuotas, loop: any EventLoop
    ) {
        var limits = Limits()
        limits.timeout = config.async.timeout
        limits.resultTTL = config.async.resultTTL
        limits.pending = config.async.maxPending
        limits.pendingPerAgent = config.async.maxPendingPerAgent
        limits.resultBytes = config.async.maxResultBytes
        limits.runningPerServer = max(1, config.limits.inFlightPerBackend / 2)
        limits.expiryGrace = .seconds(900)
        self.init(
            limits: limits, callbacks: CallbackPolicy(config), store: store, budget: budget, quotas: quotas,
            loop: loop)
    }

    /// Carries out all calls until ``shutDown()``.
    ///
    /// - Parameters:
    ///   - perform: makes one call; cancelling its task cancels the call.
    ///   - mayRepeat: whether a call does no harm when it is carried out twice.
    package func run(
        _ perform: @escaping @Sendable (GatewayCall) async throws(GateError) -> CallReply,
        mayRepeat: @escaping @Sendable (GatewayCall) -> Bool = { _ in false }
    ) async {
        let work = Work(perform: perform, mayRepeat: mayRepeat)
        let ticker = loop.scheduleRepeatedTask(
            initialDelay: AsyncCalls.upkeepInterval, delay: AsyncCalls.upkeepInterval
        ) { [arrive] _ in arrive.yield(.upkeep) }
        let isLate = state.withLock { state in
            if state.closed == nil { state.ticker = ticker }
            return state.closed != nil
        }
        if isLate { ticker.cancel() }
        await withDiscardingTaskGroup { group in
            for await arrival in arrivals {
                switch arrival {
                case .call(let id, let place): group.addTask { await self.execute(id, place, work) }
                case .changed(let id): group.addTask { await self.tell(id) }
                case .orphaned(let id): group.addTask { await self.endOrphan(id) }
                case .cancelled(let id): group.addTask { await self.giveUp(id) }
                case .ownerLeft(let owner): group.addTask { await self.end(owner) }
                case .collected(let id): group.addTask { await self.store.collected(id) }
                case .upkeep: group.addTask { await self.upkeep() }
                case .drain: group.addTask { await self.drain() }
                }
            }
        }
    }

    /// - Parameter body: gets each kept end of a call with a callback, and the URL; called on any thread.
    func onEnd(_ body: @escaping @Sendable (AsyncCallRecord, String) -> Void) { ended.withLock { $0 = body } }

    func tellEnd(_ record: AsyncCallRecord, _ callback: String) { ended.withLock { $0 }?(record, callback) }

    /// Takes no more calls, leaves those that have not begun to the next run, and ends those that wait for somebody's answer. What
    /// runs goes on.
    package func close() {
        state.withLock { $0.closed = $0.closed ?? AsyncCalls.draining }
        arrive.yield(.drain)
    }

    /// Cancels what still runs; ``run(_:mayRepeat:)`` returns when all has ended.
    package func shutDown() async {
        close()
        await drain()
        let (ticker, running) = state.withLock { state in
            state.isShutDown = true
            return (state.ticker.take(), state.calls.values.map(\.canceller))
        }
        ticker?.cancel()
        for canceller in running { canceller.cancel() }
        arrive.finish()
        // Those that were on their way to begin.
        for entry in state.withLock({ Array($0.calls.values) }) where entry.call != nil { await giveBack(entry) }
    }

    private func drain() async {
        for entry in state.withLock({ Array($0.calls.values) }) {
            if entry.state.status == .inputRequired {
                await end(entry.id, .ended(.outcomeUnknown), .error(AsyncCalls.unanswered(entry)))
            } else if state.withLock({ $0.waiting[entry.sequence] != nil }) {
                await giveBack(entry)
            }
        }
    }

    /// A call that has not begun: if it lies in the store it is left for the next run.
    private func giveBack(_ entry: AsyncEntry) async {
        if entry.isInserted { return leave(entry.id) }
        var error = AsyncCalls.draining
        error.server = entry.server
        await end(entry.id, .ended(.failed), .error(error))
    }

    private static func unanswered(_ entry: AsyncEntry) -> GateError {
        GateError(
            .outcomeUnknown,
            "stonegate stopped while the call waited for an answer to server '\(entry.server)'. Whether it took effect is unknown.",
            server: entry.server, tool: entry.tool, sent: true)
    }

    static let draining = GateError(
        .draining, "stonegate is stopping and takes no new calls. The call was not sent.", retryAfter: 5)

    // MARK: Taking calls in

    /// Takes a call in. When this returns it lies in the store, and it runs from here on whether or not somebody waits for it.
    ///
    /// - Parameters:
    ///   - call: with a key, it is the call that the owner submitted under it before, if there is one.
    ///   - owner: for whom the call exists.
    ///   - lifetime: how long the caller wants to be able to ask for it, from now on; the call may not take longer either.
    ///   - callback: a URL that is told of the end; checked by ``CallbackPolicy``.
    /// - Throws: `OVERLOADED`, `DRAINING`, `STORAGE_FULL`, `STORAGE_FAILED`: the call was not sent then. `OUTCOME_UNKNOWN` when the disk
    ///   cannot say whether it has the call. `IDEMPOTENCY_CONFLICT` when something else was submitted under the key.
    package func submit(
        _ call: GatewayCall, owner: InstanceOwner, lifetime: Duration? = nil, note: AsyncCallNote = AsyncCallNote(),
        callback: String? = nil
    ) async throws(GateError) -> AsyncCallView {
        if let callback { try callbacks.check(callback) }
        let kept = call.key.map { StoredCall.Key(text: $0, digest: call.digest) }
        let entry = try admit(call, owner, lifetime, note, isKept: true, key: kept, callback: callback)
        let known: StoredCall?
        do throws(StoreFailure) {
            known = try await store.insert(entry.submitted(call))
        } catch {
            _ = state.withLock { $0.remove(entry.id) }
            throw AsyncCalls.notAccepted(error, entry)
        }
        guard let known else {
            state.withLock { $0.calls[entry.id]?.isInserted = true }
            start(entry.id)
            return entry.view
        }
        _ = state.withLock { $0.remove(entry.id) }
        guard known.key?.digest == kept?.digest else { throw AsyncCalls.keyTaken(entry) }
        return try await view(known.id, for: [owner]) ?? AsyncCallView(record: AsyncCallRecord(known))
    }

    /// After a failed `fsync` the call may lie in the file all the same: a later run that finds it there carries it out.
    private static func notAccepted(_ failure: StoreFailure, _ entry: AsyncEntry) -> GateError {
        guard case .broken(let reason) = failure else { return GateError(failure, entry.server) }
        return GateError(
            .outcomeUnknown,
            "Whether the call was accepted is unknown: \(reason). If it was, it is carried out after stonegate has been started again. "
                + "Submit it then under the same idempotency key: it runs once. Without a key, look at what it did first.",
            server: entry.server, tool: entry.tool, sent: true)
    }

    private static func keyTaken(_ entry: AsyncEntry) -> GateError {
        GateError(
            .idempotencyConflict,
            "Another call was submitted under this idempotency key: another tool or other arguments. Nothing was sent. Use a new key "
                + "for a new call.", source: .caller, server: entry.server, tool: entry.tool)
    }

    func admit(
        _ call: GatewayCall, _ owner: InstanceOwner, _ lifetime: Duration?, _ note: AsyncCallNote, isKept: Bool,
        key: StoredCall.Key? = nil, callback: String? = nil
    ) throws(GateError) -> AsyncEntry {
        let agent = ExactText(call.caller.agent)
        guard budget.admits(.call) else { throw AsyncCalls.outOfMemory(call.server) }
        if let refusal = store.refusal { throw GateError(refusal, call.server) }
        let (id, now) = (random(), clock())
        let tenant = call.caller.tenant.map { ExactText($0) }
        let mostOfTenant = tenant.flatMap { quotas?.pending(of: $0) }
        let admitted = state.withLock { state -> Result<AsyncEntry, GateError> in
            if let closed = state.closed { return .failure(closed) }
            guard state.calls.count < limits.pending else {
                return .failure(tooMany("stonegate has", limits.pending, "async.max_pending", call.server))
            }
            guard state.perAgent[agent, default: 0] < limits.pendingPerAgent else {
                return .failure(
                    tooMany(
                        "Agent '\(agent.text)' has", limits.pendingPerAgent, "async.max_pending_per_agent", call.server)
                )
            }
            if let tenant, let mostOfTenant, state.pending(of: tenant) >= mostOfTenant {
                return .failure(
                    tooMany("Tenant '\(tenant.text)' has", mostOfTenant, "the tenant's max_pending", call.server))
            }
            state.perAgent[agent, default: 0] += 1
            state.lastSequence += 1
            let entry = AsyncEntry(
                id: id, sequence: state.lastSequence, call: call, owner: owner, lifetime: lifetime, note: note,
                limits: limits, isKept: isKept, key: key, callback: callback, budget: budget, now: now)
            state.calls[id] = entry
            return .success(entry)
        }
        return try admitted.get()
    }

    private static func outOfMemory(_ server: String) -> GateError {
        GateError(
            .overloaded,
            "What stonegate holds for others is near what limits.buffered_bytes allows. The call was not sent. Try again later.",
            server: server, retryAfter: 5)
    }

    private func tooMany(_ who: String, _ limit: Int, _ key: String, _ server: String) -> GateError {
        GateError(
            .overloaded,
            "\(who) \(limit) asynchronous calls under way, as many as \(key) allows. The call was not sent; wait until one of "
                + "them has ended.", source: .caller, server: server, retryAfter: 5)
    }

    /// Gives the call a place at its server, or puts it in line.
    func start(_ id: AsyncCallID) {
        let place = state.withLock { state -> ExactText? in
            guard let entry = state.calls[id], !entry.state.isDecided else { return nil }
            let server = ExactText(entry.server)
            var line =
                state.lines[server]
                ?? AdmissionQueue(limits: .init(inFlight: limits.runningPerServer, queue: limits.pending))
            let decision = line.enter(
                id: entry.sequence, principal: ExactText(entry.agent), deadline: entry.deadline, now: .now)
            state.lines[server] = line
            if decision == .run { return server }
            state.waiting[entry.sequence] = id
            return nil
        }
        if let place { arrive.yield(.call(id, place: place)) }
    }
}
