import GateBackend
import GateConfig
import GateCore
import GateProtocol
import Logging
import NIOCore
import Synchronization

/// All backends by name. Its ``run()`` is the parent of everything they do.
final class BackendRegistry: Sendable, BackendObserver {
    struct Entry: Sendable {
        let config: BackendConfig
        let backend: BackendPool
        let filters: CatalogFilters
        let integrity: IntegrityPolicy
        let isRuntime: Bool
        /// Tells the backends apart that have the same name one after the other.
        let generation: UInt64
        let calls = CallGate()
    }

    struct State {
        /// In force: what new backends are made with.
        var config: GatewayConfig
        var entries: [ExactText: Entry] = [:]
        var order: [ExactText] = []
        /// Out of use, with calls in flight.
        var retiring: [UInt64: Entry] = [:]

        /// Takes a backend out of use. It is known as retiring from the same moment on, so that a stop of the gateway finds it.
        mutating func takeOut(_ name: ExactText) -> Entry? {
            guard let entry = entries.removeValue(forKey: name) else { return nil }
            retiring[entry.generation] = entry
            return entry
        }

        var all: [Entry] { Array(entries.values) + Array(retiring.values) }
    }

    let state: Mutex<State>
    /// Backends that have an instance for each session.
    let sessionKeepers = Atomic<Int>(0)
    let watchers = ResourceWatchers()
    private let catalog: ToolCatalog
    private let saved: SavedState
    let group: any EventLoopGroup
    private let environment: [String: String]
    let logger: Logger
    private let generations = Atomic<UInt64>(0)
    private let spawnGate: SpawnGate
    private let budget: MemoryBudget
    let events: EventHub
    private let arrivals: AsyncStream<BackendPool>
    private let arrive: AsyncStream<BackendPool>.Continuation

    init(
        config: GatewayConfig, catalog: ToolCatalog, saved: SavedState, group: any EventLoopGroup,
        environment: [String: String], budget: MemoryBudget, events: EventHub, logger: Logger
    ) {
        state = Mutex(State(config: config))
        self.catalog = catalog
        self.saved = saved
        self.group = group
        self.environment = environment
        self.logger = logger
        self.budget = budget
        self.events = events
        spawnGate = SpawnGate(width: config.limits.concurrentSpawns)
        (arrivals, arrive) = AsyncStream.makeStream()
    }

    /// Runs all backends, those that come later too, until ``shutDown()``.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await backend in arrivals {
                group.addTask { await backend.run() }
                group.addTask { await self.watchers.adopt(backend) }
            }
        }
    }

    /// Stops all backends; ``run()`` returns when they have stopped.
    func shutDown() {
        arrive.finish()
        for entry in state.withLock({ $0.all }) { entry.backend.shutDown() }
    }

    var entries: [Entry] { state.withLock { state in state.order.compactMap { state.entries[$0] } } }

    var usesSessions: Bool { sessionKeepers.load(ordering: .relaxed) > 0 }
    var config: GatewayConfig { state.withLock { $0.config } }

    func entry(_ name: String) -> Entry? { state.withLock { $0.entries[ExactText(name)] } }

    /// Takes a backend in and starts it, in the background.
    ///
    /// - Throws: `SERVER_EXISTS` when a server has this name, or one that clients would take for it.
    func add(_ backend: BackendConfig, isRuntime: Bool) throws(GateError) {
        let entry = makeEntry(backend, state.withLock { $0.config }, isRuntime: isRuntime)
        let folded = BackendName.folded(backend.name)
        let isNew = state.withLock { state in
            guard !state.order.contains(where: { BackendName.folded($0.text) == folded }) else { return false }
            state.order.append(ExactText(backend.name))
            state.entries[ExactText(backend.name)] = entry
            return true
        }
        guard isNew else { throw BackendRegistry.exists(backend.name) }
        events.publish(.serverAdded, server: backend.name, reason: isRuntime ? "added at run time" : "configured")
        begin(entry)
    }

    static func exists(_ name: String) -> GateError {
        GateError(
            .serverExists, "There is a server '\(name)' already. Remove it first, or choose another name.",
            source: .caller, server: name)
    }

    func makeEntry(_ backend: BackendConfig, _ config: GatewayConfig, isRuntime: Bool) -> Entry {
        let generation = generations.wrappingAdd(1, ordering: .relaxed).newValue
        let settings = BackendSettings(backend, config, isRuntime: isRuntime)
        let context = BackendContext(
            group: group, logger: logger, environment: environment, spawnGate: spawnGate, budget: budget, eras: saved,
            observer: CurrentBackendObserver(registry: self, generation: generation))
        return Entry(
            config: backend, backend: BackendPool(settings: settings, context: context),
            filters: CatalogFilters(backend), integrity: backend.integrityPolicy(config), isRuntime: isRuntime,
            generation: generation)
    }

    /// Lists what was last known of a backend that has been taken in, and starts it.
    func begin(_ entry: Entry) {
        let name = entry.config.name
        catalog.register(name, isEnabled: entry.config.enabled)
        // A backend that was changed shows what it offered before until it has listed: agents lose nothing meanwhile.
        let isNew = catalog.entry(name) == nil
        let own = saved.listing(of: entry.backend.settings)
        var known = isNew ? own : saved.lastListing(of: name)
        if !entry.config.enabled { known = isNew ? nil : CatalogUpdate.nothing }
        if var known {
            known.filters = entry.filters
            known.integrity = entry.integrity
            known.isStale = true
            catalog.take(known, of: name)
        }
        if entry.backend.settings.isolation == .perSession { sessionKeepers.add(1, ordering: .relaxed) }
        arrive.yield(entry.backend)
        entry.backend.begin(knowsTools: own?.lists[.tools]?.definitions.isEmpty == false)
    }

    /// Takes a backend out. Its calls in flight finish.
    func remove(_ name: String) -> Entry? {
        let entry = state.withLock { state -> Entry? in
            state.order.removeAll { $0 == ExactText(name) }
            return state.takeOut(ExactText(name))
        }
        guard let entry else { return nil }
        forget(name)
        events.publish(.serverRemoved, server: name, reason: "removed by the operator")
        retire(entry)
        return entry
    }

    func forget(_ name: String) {
        catalog.remove(name)
        saved.forget(name)
    }

    func isCurrent(_ name: String, _ generation: UInt64) -> Bool { entry(name)?.generation == generation }

    /// A session of an agent has ended: instances that were its own end with it.
    func end(session: InstanceOwner) {
        for entry in entries { entry.backend.end(session: session) }
    }

    // MARK: What backends report

    func backend(_ name: String, listed: BackendListing) -> ToolStandings? {
        guard let entry = entry(name) else { return nil }
        let before = catalog.entry(name)
        var update = CatalogUpdate(lists: listed.lists, offers: listed.greeting.offers)
        update.title = listed.greeting.title ?? listed.greeting.name
        update.instructions = listed.greeting.instructions
        update.filters = entry.filters
        update.integrity = entry.integrity
        catalog.take(update, of: name)
        saved.save(update, of: entry.backend.settings)
        guard let now = catalog.entry(name) else { return nil }
        let tools = now.tools.map { ExactText($0.check.name) }
        if before?.tools.map({ ExactText($0.check.name) }) != tools {
            events.publish(.catalog, server: name, reason: "\(tools.count) tools")
        }
        for (kind, _) in listed.lists {
            let dropped = kind == .tools ? now.dropped : now.items[kind]?.dropped ?? []
            for reason in dropped {
                logger.warning("an entry of `\(kind.method)` is not listed: \(reason)", metadata: ["server": "\(name)"])
            }
        }
        return listed.lists[.tools] == nil ? nil : now.standings
    }

    func backend(_ name: String, listedAside listed: BackendListing) -> ToolStandings? {
        guard let entry = entry(name) else { return nil }
        var update = CatalogUpdate(lists: listed.lists)
        update.filters = entry.filters
        update.integrity = entry.integrity
        return catalog.judgeAside(update, of: name)
    }

    func backend(_ name: String, holds tool: String, as digest: DefinitionDigest) -> ToolHold? {
        entry(name).flatMap { catalog.pins?.hold(name, tool, digest, $0.integrity) }
    }

    func backend(_ name: String, changed: Supervisor.Change) {
        events.publish(
            .server, server: name, from: changed.from.rawValue, to: changed.to.rawValue, reason: changed.reason)
    }

    func backend(_ name: String, circuit: CircuitBreaker.Transition) {
        logger.warning(
            "circuit is \(circuit.to.rawValue) after \(circuit.failures) failures in a row",
            metadata: ["server": "\(name)"])
        events.publish(
            .circuit, server: name, from: circuit.from.rawValue, to: circuit.to.rawValue,
            reason: "\(circuit.failures) failures in a row")
    }
}
