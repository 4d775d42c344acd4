import GateCore
import GateProtocol
import Logging
import NIOCore
import Synchronization

/// One MCP server behind the gateway: keeps it running, knows its tools, and sends it calls.
///
/// ``run()`` owns everything that lives as long as the backend does. What to do is decided by the values in its state
/// (supervisor, breaker, admission queue) under one lock; it is done outside.
package final class Backend: Sendable {
    struct State {
        var supervisor: Supervisor
        var breaker: CircuitBreaker
        var admission: AdmissionQueue
        var live: LiveConnection?
        /// The conversation that is being opened.
        var opening: BackendConnection?
        /// Those that are out of use and still have calls to answer.
        var retiring: [BackendConnection] = []
        var ready = ReadyLine()
        /// Calls in the line, and calls that were let in before they began to wait.
        var queued: [UInt64: CheckedContinuation<Bool, Never>] = [:]
        var letIn: Set<UInt64> = []
        var nextCall: UInt64 = 0
        var retries = RetryBudget()
        var count = CallCount()
        var lastError: String?
        var lastStderr: [String] = []
        var readySince: Instant?
        /// Why the last attempt had to end before the server was reached: nobody gave an access token.
        var withoutToken: GateError?
        var retry: Scheduled<Void>?
        var lastAnswer: Instant?
        var eraWatch = EraWatch()
        /// A health check is on its way.
        var isAsked = false
        var noise = NoiseMeter()
        var isListening = false
        var isListing = false
        /// Lists that are to be read.
        var dueLists: Set<ListKind> = []
        /// Calls that wait for the lists to be read.
        var listWaiters: [CheckedContinuation<Bool, Never>] = []
        /// Resources that somebody follows.
        var watches = WatchTable()
        var isSettling = false
        var listening = ListenPlan()
        var isListenDue = false
        var listenBackoff = Backoff(initial: .seconds(1))
        /// It has been reached before: what happened in between was not announced.
        var isReconnected = false
    }

    package let settings: BackendSettings
    let context: BackendContext
    let logger: Logger
    let loop: any EventLoop
    let state: Mutex<State>
    let doubtfulTools = DoubtfulTools()
    private let events: AsyncStream<Event>
    private let post: AsyncStream<Event>.Continuation

    enum Event: Sendable {
        case supervisor(Supervisor.Event)
        /// What was decided outside of ``run()`` is to be done.
        case decided([Supervisor.Action])
        case connected(Result<LiveConnection, ConnectFailure>)
        /// This conversation has ended.
        case closed(LiveConnection, String)
        /// These lists may have changed.
        case listsChanged(Set<ListKind>)
        /// Resources are followed, or no longer.
        case watchesChanged
        case listen
        case checkHealth
        case tryCircuit
        case shutDown
    }

    package init(settings: BackendSettings, context: BackendContext) {
        self.settings = settings
        self.context = context
        var logger = context.logger
        logger[metadataKey: "server"] = "\(settings.name)"
        self.logger = logger
        loop = context.group.next()
        state = Mutex(
            State(
                supervisor: Supervisor(
                    policy: .init(autoRestart: settings.autoRestart, startsEagerly: !settings.isLazy),
                    enabled: settings.enabled, backoff: settings.backoff, budget: settings.restartBudget, now: .now),
                breaker: CircuitBreaker(configuration: settings.breaker),
                admission: AdmissionQueue(limits: settings.admission)))
        (events, post) = AsyncStream.makeStream()
    }

    package var name: String { settings.name }

    /// Runs the backend until ``shutDown()`` has ended it.
    package func run() async {
        let pace = TimeAmount.nanoseconds(settings.health.pace.wholeNanoseconds)
        let ticker = loop.scheduleRepeatedTask(initialDelay: pace, delay: pace) { [post] _ in
            post.yield(.checkHealth)
        }
        let refresh = TimeAmount.nanoseconds(settings.refreshInterval.wholeNanoseconds)
        let lister = loop.scheduleRepeatedTask(initialDelay: refresh, delay: refresh) { [post] _ in
            post.yield(.listsChanged(.all))
        }
        await withDiscardingTaskGroup { group in
            for await event in events {
                if case .shutDown = event { break }
                handle(event, in: &group)
            }
            await stopForGood()
        }
        ticker.cancel()
        lister.cancel()
    }

    package func start() { post.yield(.supervisor(.startRequested)) }
    package func stop() { post.yield(.supervisor(.stopRequested)) }
    /// Starts it afresh and closes its circuit: the operator has done something about it.
    package func restart() {
        if let change = state.withLock({ $0.breaker.reset(now: .now) }) {
            tell(change)
        }
        post.yield(.supervisor(.restartRequested))
    }
    /// Starts it if it was refused before: something may have been done about it.
    func retryBlocked() {
        if state.withLock({ $0.supervisor.state == .blocked }) { start() }
    }
    /// Stops it until the next call. It takes effect at once: a call that comes after this finds it stopping, and waits.
    func sleep() {
        let actions = state.withLock { $0.supervisor.handle(.idleStopRequested, now: .now, random: 0) }
        if !actions.isEmpty { post.yield(.decided(actions)) }
    }

    /// Ends ``run()``; the backend is stopped in the orderly way first.
    package func shutDown() { post.yield(.shutDown) }

    func wake() { post.yield(.supervisor(.wake)) }
    func notice(_ event: Event) { post.yield(event) }

    private func handle(_ event: Event, in group: inout DiscardingTaskGroup) {
        switch event {
        case .supervisor(let event): decide(event, in: &group)
        case .decided(let actions): carryOut(actions, in: &group)
        case .connected(.success(let live)): connected(live, in: &group)
        case .connected(.failure(let failure)):
            state.withLock {
                $0.lastError = failure.error.message
                if !failure.stderr.isEmpty { $0.lastStderr = failure.stderr }
                $0.opening = nil
            }
            let message = failure.error.message
            let isWithoutToken = failure.error.code == .credentialsUnavailable
            state.withLock { $0.withoutToken = isWithoutToken ? failure.error : nil }
            if isWithoutToken { refuseWaiters(failure.error) }
            decide(
                failure.isRefused ? .refused(message) : failure.exit.map { .exited($0) } ?? .connectFailed(message),
                in: &group)
        case .closed(let live, let reason): closed(live, reason, in: &group)
        case .listsChanged(let kinds): group.addTask { await self.list(kinds) }
        case .watchesChanged: group.addTask { await self.settleWatches() }
        case .listen: group.addTask { await self.listen() }
        case .checkHealth: group.addTask { await self.checkHealth() }
        case .tryCircuit: group.addTask { await self.tryCircuit() }
        case .shutDown: break
        }
    }

    private func decide(_ event: Supervisor.Event, in group: inout DiscardingTaskGroup) {
        let actions = state.withLock {
            $0.supervisor.handle(event, now: .now, random: Double.random(in: 0..<1))
        }
        carryOut(actions, in: &group)
    }

    private func carryOut(_ actions: [Supervisor.Action], in group: inout DiscardingTaskGroup) {
        for action in actions {
            switch action {
            case .spawn: group.addTask { await self.connect() }
            case .stop: group.addTask { await self.end() }
            case .scheduleRetry(let at): scheduleRetry(at)
            case .cancelRetry: state.withLock { $0.retry.take() }?.cancel()
            case .announce(let change): announce(change)
            }
        }
        settleWaiters()
    }

    private func scheduleRetry(_ at: Instant) {
        let delay = TimeAmount.nanoseconds(max(.zero, Instant.now.duration(to: at)).wholeNanoseconds + 1_000_000)
        let task = loop.scheduleTask(in: delay) { [post] in _ = post.yield(.supervisor(.retryDue)) }
        state.withLock { state in
            defer { state.retry = task }
            return state.retry
        }?.cancel()
    }

    private func announce(_ change: Supervisor.Change) {
        let level: Logger.Level =
            switch change.to {
            case .blocked: .error
            case .crashLooping, .backingOff: .warning
            default: .info
            }
        logger.log(level: level, "server is \(change.to.rawValue): \(change.reason)")
        context.observer.backend(name, changed: change)
    }

    // MARK: Opening and ending the conversation

    private func connect() async {
        let connector = Connector(settings: settings, context: context) { connection in
            self.state.withLock { state in
                state.opening = connection
                return state.supervisor.state == .starting
            }
        }
        notice(.connected(await connector.connect()))
    }

    private func connected(_ live: LiveConnection, in group: inout DiscardingTaskGroup) {
        let isWanted = state.withLock { state in
            state.opening = nil
            guard state.supervisor.state == .starting else { return false }
            state.live = live
            state.withoutToken = nil
            state.readySince = .now
            state.lastAnswer = .now
            state.isListening = false
            state.isSettling = false
            state.listening = ListenPlan()
            state.listenBackoff.reset()
            state.breaker.backendReplaced(now: .now)
            return true
        }
        guard isWanted else {
            // Stopped while it was starting.
            group.addTask {
                await live.connection.close()
                self.notice(.supervisor(.stopped))
            }
            return
        }
        let offered = live.greeting.offers.lists
        var lists = [ListKind.tools: live.tools]
        for kind in ListKind.allCases where !offered.contains(kind) { lists[kind] = ListedItems() }
        tell(BackendListing(greeting: live.greeting, lists: lists))
        live.connection.observe(
            onNotice: { [self] message in
                if let kinds = Set<ListKind>(message) {
                    notice(.listsChanged(kinds))
                } else {
                    _ = heard(message, on: live.connection)
                }
            },
            onClose: { [self] reason in lost(live, reason) },
            onSessionLost: { [self] in lost(live, "the server forgot the session") })
        fitAdmission(to: live.connection)
        decide(.started, in: &group)
        decide(.ready, in: &group)
        notice(.listsChanged(offered.subtracting([.tools])))
        if live.greeting.version.era == .modern {
            group.addTask { await self.listen() }
        } else {
            group.addTask { await self.settleWatches() }
        }
    }

    /// Takes a dead conversation out of use at once; what follows from it is decided in ``run()``. Calls that come in between wait.
    func lost(_ live: LiveConnection, _ reason: String) {
        let (wasInUse, waiters) = state.withLock { state -> (Bool, [WatchTable.Waiter]) in
            guard state.live?.connection === live.connection else { return (false, []) }
            state.live = nil
            state.readySince = nil
            state.lastError = reason
            state.lastStderr = live.link?.stderrTail(20) ?? []
            return (true, state.forgetWatched())
        }
        for waiter in waiters { waiter.resume(returning: nil) }
        if wasInUse { notice(.closed(live, reason)) }
    }

    /// A conversation that has ended is known to be so a moment before its observer is told: whoever finds out first says it.
    func dropIfEnded(_ connection: BackendConnection) {
        guard let reason = connection.closeReason,
            let live = state.withLock({ $0.live?.connection === connection ? $0.live : nil })
        else { return }
        lost(live, reason)
    }

    private func closed(_ live: LiveConnection, _ reason: String, in group: inout DiscardingTaskGroup) {
        logger.warning("the connection ended: \(reason)")
        let connection = live.connection
        if connection.closeReason == nil {
            state.withLock { $0.retiring.append(connection) }
            group.addTask {
                await connection.retire()
                self.state.withLock { state in state.retiring.removeAll { $0 === connection } }
            }
        } else {
            group.addTask { await connection.close() }
        }
        // What ended the conversation says more than that there is no exit status yet.
        decide(live.link?.ownExit.map { .exited(ExitStatus($0)) } ?? .lost(reason), in: &group)
    }

    private func end() async {
        let (connection, live, waiters) = state.withLock { state in
            defer {
                state.live = nil
                state.readySince = nil
            }
            return (state.live?.connection ?? state.opening, state.live, state.forgetWatched())
        }
        for waiter in waiters { waiter.resume(returning: nil) }
        if let said = live?.link?.stderrTail(20), !said.isEmpty { state.withLock { $0.lastStderr = said } }
        // Woken up, a stopped process would carry out what nobody waits for any more.
        if let child = live?.link?.child, child.isStopped { child.killGroup() }
        await connection?.close()
        // While it is being opened, the connector reports the end.
        if live != nil { notice(.supervisor(.exited(live?.exitStatus ?? .disconnected))) }
    }

    private func stopForGood() async {
        let (connection, waiting, watchers, retiring) = state.withLock { state in
            _ = state.supervisor.handle(.stopRequested, now: .now, random: 0)
            state.retry?.cancel()
            defer { state.live = nil }
            return (
                state.live?.connection ?? state.opening, state.ready.removeAll(), state.forgetWatched(), state.retiring
            )
        }
        for waiter in watchers { waiter.resume(returning: nil) }
        for waiter in waiting { waiter.resume(returning: .failure(notRunning("it is being stopped"))) }
        for old in retiring { await old.close() }
        await connection?.close()
    }
}

extension LiveConnection {
    var exitStatus: ExitStatus { link?.child.status.map { ExitStatus($0) } ?? .disconnected }
}

extension ExitStatus {
    init(_ exit: ProcessExit) {
        switch exit {
        case .exited(let code): self = .code(code)
        case .signalled(let number): self = .signal(number)
        }
    }
}
