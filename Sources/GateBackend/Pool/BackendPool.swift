package import GateCore
package import GateProtocol
import Logging
import NIOCore
import Synchronization

/// One configured backend: all its instances (processes or sessions), and the choice among them for each call.
///
/// ``run()`` owns the instances. Each is a ``Backend`` of its own, with its own supervisor, circuit breaker and queue, so that
/// one agent's instance that fails or hangs is no concern of the others.
package final class BackendPool: Sendable {
    struct State {
        var plan: InstancePlan
        var instances: [InstancePlan.ID: Backend] = [:]
        /// Stopped by the operator: no instance is made until it is started.
        var isStopped = false
        var isShutDown = false
        /// Whose list of tools is the backend's.
        var scribe: InstancePlan.ID?
        var count = CallCount()
    }

    package let settings: BackendSettings
    let context: BackendContext
    let state: Mutex<State>
    /// The only instance there will ever be: nothing is chosen then.
    let single: Backend?
    private let arrivals: AsyncStream<Backend>
    private let arrive: AsyncStream<Backend>.Continuation

    package init(settings: BackendSettings, context: BackendContext) {
        self.settings = settings
        self.context = context
        (arrivals, arrive) = AsyncStream.makeStream()
        let rules = settings.instanceRules
        state = Mutex(State(plan: InstancePlan(rules: rules, now: .now)))
        let isSingle = rules.isShared && rules.count == 1 && !rules.isLazy
        single = isSingle ? Backend(settings: settings, context: context) : nil
        if let single {
            adopt(single, id: 1)
        } else {
            for id in state.withLock({ $0.plan.ids }) { adopt(makeInstance(id), id: id) }
        }
    }

    package var name: String { settings.name }

    /// Runs all instances, those that come later too, until ``shutDown()``.
    package func run() async {
        let period = TimeAmount.nanoseconds(max(.seconds(1), settings.idleTimeout / 8).wholeNanoseconds)
        let reaper = context.group.next().scheduleRepeatedTask(initialDelay: period, delay: period) { _ in
            self.reap(now: .now)
        }
        await withDiscardingTaskGroup { group in
            for await instance in arrivals { group.addTask { await instance.run() } }
        }
        reaper.cancel()
    }

    /// The gateway starts, or the backend has been added: what is eager starts.
    ///
    /// - Parameter knowsTools: whether a lazy backend may sleep until its first call, because its tools are known.
    package func begin(knowsTools: Bool) {
        guard settings.enabled else { return }
        if settings.isLazy, knowsTools { return }
        if settings.isLazy, settings.instanceRules.isShared {
            instances.first?.start()
        } else {
            start()
        }
    }

    package func start() {
        let isShared = state.withLock { state in
            state.isStopped = false
            return state.plan.rules.isShared
        }
        if !isShared {
            refill()
            if let scout = state.withLock({ $0.plan.makeScout(now: .now) }) { adopt(makeInstance(scout), id: scout) }
        }
        for instance in instances { instance.start() }
    }

    package func stop() {
        let ended = state.withLock { state -> [Backend] in
            state.isStopped = true
            return state.plan.clear().compactMap { state.instances.removeValue(forKey: $0) }
        }
        for instance in ended { instance.shutDown() }
        for instance in instances { instance.stop() }
    }

    package func restart() {
        if !settings.instanceRules.isShared, instances.isEmpty { return start() }
        state.withLock { $0.isStopped = false }
        for instance in instances { instance.restart() }
    }

    /// Tries again what was refused to start.
    package func retryBlocked() {
        for instance in instances { instance.retryBlocked() }
    }

    /// Ends ``run()``; all instances are stopped in the orderly way first.
    package func shutDown() {
        state.withLock { $0.isShutDown = true }
        arrive.finish()
        for instance in instances { instance.shutDown() }
    }

    /// Sends a call to the instance that is its caller's, or to the least busy one. See ``Backend/call(_:)``.
    package func call(_ call: BackendCall) async throws(GateError) -> WireMessage {
        if let single { return try await single.call(call) }
        let (id, instance) = try acquire(call, now: .now)
        defer { release(id) }
        call.trace?.note { facts in
            facts.instance = id
            facts.instances = instances.count
        }
        do throws(GateError) {
            let reply = try await instance.call(call)
            record(failed: reply.isFailure)
            return reply
        } catch {
            record(failed: true)
            throw error
        }
    }

    /// Lists the tools again, because a call was refused on their account; they are new when this returns.
    package func relistTools() async {
        let instance =
            single
            ?? state.withLock { state in
                state.scribe.flatMap { state.instances[$0] } ?? state.plan.ids.first.flatMap { state.instances[$0] }
            }
        await instance?.relist()
    }

    /// The operator has refused a definition of a tool: each instance asks about it before the next call.
    package func doubt(_ tool: String) {
        for instance in instances { instance.doubtfulTools.doubt(tool) }
    }

    /// A session has ended: the instance that was its own is of no use to anybody else.
    package func end(session: InstanceOwner) {
        guard settings.isolation == .perSession else { return }
        let instance = state.withLock { state in
            state.plan.end(owner: session).flatMap { state.instances.removeValue(forKey: $0) }
        }
        instance?.shutDown()
    }

    // MARK: Choosing

    private func acquire(_ call: BackendCall, now: Instant) throws(GateError) -> (InstancePlan.ID, Backend) {
        try acquire(owner(call.principal, call.session, call.tenant), now: now)
    }

    func owner(_ principal: ExactText, _ session: InstanceOwner?, _ tenant: ExactText?) -> InstanceOwner {
        switch settings.isolation {
        case .perSession: session ?? .agent(principal)
        case .perTenant: .tenant(tenant ?? ExactText(""))
        case .perAgent, .shared: .agent(principal)
        }
    }

    func acquire(_ owner: InstanceOwner, now: Instant) throws(GateError) -> (InstancePlan.ID, Backend) {
        enum Found {
            case instance(InstancePlan.ID, Backend)
            case new(InstancePlan.ID)
            case none(isStopped: Bool)
        }
        let found = state.withLock { state -> Found in
            if state.isShutDown || (state.isStopped && !state.plan.rules.isShared) { return .none(isStopped: true) }
            let instances = state.instances
            switch state.plan.acquire(owner: owner, now: now, fitness: { instances[$0]?.fitness ?? .failing }) {
            case .use(let id): return instances[id].map { .instance(id, $0) } ?? .none(isStopped: true)
            case .create(let id): return .new(id)
            case .full: return .none(isStopped: false)
            }
        }
        switch found {
        case .instance(let id, let instance):
            refill()
            return (id, instance)
        case .new(let id):
            let instance = makeInstance(id)
            adopt(instance, id: id)
            return (id, instance)
        case .none(isStopped: true):
            throw GateError(
                .backendDown,
                "Server '\(name)' is not running: it was stopped; start it with: gatecall server start \(name). "
                    + "The call was not sent.", source: .backend, server: name, retryAfter: 5)
        case .none(isStopped: false):
            let whose =
                switch settings.isolation {
                case .perAgent, .shared: "agents"
                case .perSession: "sessions"
                case .perTenant: "tenants"
                }
            throw GateError(
                .overloaded,
                "All \(settings.maxInstances) instances of server '\(name)' belong to other \(whose). The call was not "
                    + "sent. Raise max_instances, or shorten idle_timeout.", source: .backend, server: name,
                retryAfter: Int(settings.idleTimeout.wholeSecondsUp))
        }
    }

    func release(_ id: InstancePlan.ID) {
        let ended = state.withLock { state in
            state.plan.release(id, now: .now) ? state.instances.removeValue(forKey: id) : nil
        }
        ended?.shutDown()
    }

    private func record(failed: Bool) { state.withLock { $0.count.record(failed: failed) } }

    // MARK: Instances

    var instances: [Backend] {
        state.withLock { state in state.instances.keys.sorted().compactMap { state.instances[$0] } }
    }

    private func makeInstance(_ id: InstancePlan.ID) -> Backend {
        var own = context
        own.observer = InstanceObserver(pool: self, id: id, behind: context.observer)
        own.logger[metadataKey: "instance"] = "\(id)"
        let owner = state.withLock { $0.plan.slots[id]?.owner }
        return Backend(settings: settings.filled(for: owner), context: own)
    }

    private func adopt(_ instance: Backend, id: InstancePlan.ID) {
        let isWelcome = state.withLock { state in
            guard !state.isShutDown else { return false }
            state.instances[id] = instance
            return true
        }
        // One that comes too late is run all the same, to its immediate end.
        if !isWelcome { instance.shutDown() }
        arrive.yield(instance)
    }

    /// Starts spares ahead of the agents that will need them.
    private func refill() {
        guard state.withLock({ !$0.isStopped && $0.plan.rules.spares > 0 }) else { return }
        for id in state.withLock({ $0.plan.refill(now: .now) }) {
            let spare = makeInstance(id)
            adopt(spare, id: id)
            spare.start()
        }
    }

    /// Ends what nobody has used for long. Nothing that a call holds is touched: both are decided under one lock.
    func reap(now: Instant) {
        let ended = state.withLock { state -> [Backend] in
            let idle = state.plan.reap(now: now)
            guard !state.plan.rules.isShared else {
                for id in idle { state.instances[id]?.sleep() }
                return []
            }
            if let scribe = state.scribe, idle.contains(scribe) { state.scribe = nil }
            return idle.compactMap { state.instances.removeValue(forKey: $0) }
        }
        for instance in ended { instance.shutDown() }
    }

    /// Whether this instance's list of tools counts: one speaks for all, so that the catalog does not change with each start.
    func isScribe(_ id: InstancePlan.ID) -> Bool {
        state.withLock { state in
            if let scribe = state.scribe, scribe != id, state.instances[scribe] != nil { return false }
            state.scribe = id
            return true
        }
    }
}
