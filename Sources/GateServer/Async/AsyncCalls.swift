import GateBackend
import GateConfig
package import GateCore
package import GateProtocol
package import NIOCore
import Synchronization

/// Calls that nobody has to wait for: accepted, carried out in the background, their outcome kept for whoever submitted them.
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

        package init() {}
    }

    typealias Perform = @Sendable (GatewayCall) async throws(GateError) -> CallReply

    enum Arrival: Sendable {
        /// To be carried out; with the server at which it has a place.
        case call(AsyncCallID, place: ExactText?)
        case changed(AsyncCallID)
        case cancelled(AsyncCallID)
        case ownerLeft(InstanceOwner)
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
    }

    let state = Mutex(State())
    let limits: Limits
    let store: any AsyncCallStore
    let budget: MemoryBudget
    let loop: any EventLoop
    /// Milliseconds since 1970.
    let clock: @Sendable () -> Int
    private let random: @Sendable () -> AsyncCallID
    private let arrivals: AsyncStream<Arrival>
    let arrive: AsyncStream<Arrival>.Continuation

    /// How often what has expired is looked for.
    private static let upkeepInterval = TimeAmount.seconds(15)

    /// - Parameter loop: where waits and expiry are timed.
    package init(
        limits: Limits = Limits(), store: any AsyncCallStore, budget: MemoryBudget, loop: any EventLoop,
        clock: @escaping @Sendable () -> Int = WallClock.milliseconds,
        ids: @escaping @Sendable () -> AsyncCallID = {
            var random = SystemRandomNumberGenerator()
            return AsyncCallID(using: &random)
        }
    ) {
        self.limits = limits
        self.store = store
        self.budget = budget
        self.loop = loop
        self.clock = clock
        random = ids
        (arrivals, arrive) = AsyncStream.makeStream()
    }

    /// - Parameter budget: what the process holds for others; half of it may be results.
    convenience init(_ config: GatewayConfig, budget: MemoryBudget, loop: any EventLoop) {
        var limits = Limits()
        limits.timeout = config.async.timeout
        limits.resultTTL = config.async.resultTTL
        limits.pending = config.async.maxPending
        limits.pendingPerAgent = config.async.maxPendingPerAgent
        limits.resultBytes = config.async.maxResultBytes
        limits.runningPerServer = max(1, config.limits.inFlightPerBackend / 2)
        self.init(
            limits: limits,
            store: MemoryCallStore(budget: budget, maxRecords: limits.pending, maxBytes: budget.limit / 2),
            budget: budget, loop: loop)
    }

    /// Carries out all calls until ``shutDown()``.
    ///
    /// - Parameter perform: makes one call; cancelling its task cancels the call.
    package func run(_ perform: @escaping @Sendable (GatewayCall) async throws(GateError) -> CallReply) async {
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
                case .call(let id, let place): group.addTask { await self.execute(id, place, perform) }
                case .changed(let id): group.addTask { await self.tell(id) }
                case .cancelled(let id): group.addTask { await self.giveUp(id) }
                case .ownerLeft(let owner): group.addTask { await self.end(owner) }
                case .upkeep: group.addTask { await self.upkeep() }
                case .drain: group.addTask { await self.drain() }
                }
            }
        }
    }

    /// Takes no more calls, and ends those that have not begun and those that wait for somebody's answer. What runs goes on.
    package func close() {
        state.withLock { $0.closed = $0.closed ?? AsyncCalls.draining }
        arrive.yield(.drain)
    }

    /// Cancels what still runs; ``run(_:)`` returns when all has ended.
    package func shutDown() async {
        close()
        await drain()
        let (ticker, running) = state.withLock { ($0.ticker.take(), $0.calls.values.map(\.canceller)) }
        ticker?.cancel()
        for canceller in running { canceller.cancel() }
        arrive.finish()
        // Those that were on their way to begin.
        for entry in state.withLock({ Array($0.calls.values) }) where entry.call != nil { await refuse(entry) }
    }

    private func drain() async {
        for entry in state.withLock({ Array($0.calls.values) }) {
            if entry.state.status == .inputRequired {
                await end(entry.id, .ended(.outcomeUnknown), .error(AsyncCalls.unanswered(entry)))
            } else if state.withLock({ $0.waiting[entry.sequence] != nil }) {
                await refuse(entry)
            }
        }
    }

    private func refuse(_ entry: AsyncEntry) async {
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

    /// Takes a call in. It runs from here on, whether or not somebody waits for it.
    ///
    /// - Parameters:
    ///   - owner: for whom the call exists.
    ///   - lifetime: how long the caller wants to be able to ask for it, from now on; the call may not take longer either.
    /// - Throws: `OVERLOADED`, `DRAINING` or the store's failure; the call was not sent then.
    package func submit(
        _ call: GatewayCall, owner: InstanceOwner, lifetime: Duration? = nil, note: AsyncCallNote = AsyncCallNote()
    ) async throws(GateError) -> AsyncCallView {
        let view = try admit(call, owner, lifetime, note, isKept: true)
        do throws(GateError) {
            try await store.save(view.record)
        } catch {
            _ = state.withLock { $0.remove(view.id) }
            throw error
        }
        start(view.id)
        return view
    }

    func admit(
        _ call: GatewayCall, _ owner: InstanceOwner, _ lifetime: Duration?, _ note: AsyncCallNote, isKept: Bool
    ) throws(GateError) -> AsyncCallView {
        let agent = ExactText(call.caller.agent)
        guard budget.admits(.call), store.hasRoom else { throw AsyncCalls.outOfMemory(call.server) }
        let (id, now) = (random(), clock())
        let admitted = state.withLock { state -> Result<AsyncCallView, GateError> in
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
            state.perAgent[agent, default: 0] += 1
            state.lastSequence += 1
            let entry = AsyncEntry(
                id: id, sequence: state.lastSequence, call: call, owner: owner, lifetime: lifetime, note: note,
                limits: limits,
                isKept: isKept, budget: budget, now: now)
            state.calls[id] = entry
            return .success(entry.view)
        }
        return try admitted.get()
    }

    private static func outOfMemory(_ server: String) -> GateError {
        GateError(
            .overloaded,
            "The results of asynchronous calls, or all that stonegate holds, are near what limits.buffered_bytes allows. "
                + "The call was not sent. Collect results, or try again later.", server: server, retryAfter: 5)
    }

    private func tooMany(_ who: String, _ limit: Int, _ key: String, _ server: String) -> GateError {
        GateError(
            .overloaded,
            "\(who) \(limit) asynchronous calls under way, as many as \(key) allows. The call was not sent; wait until one of "
                + "them has ended.", source: .caller, server: server, retryAfter: 5)
    }

    /// Gives the call a place at its server, or puts it in line.
    private func start(_ id: AsyncCallID) {
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
