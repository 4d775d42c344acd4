import GateBackend
package import GateConfig
package import GateCore
import GateDiscovery
package import GateProtocol
package import GateStore
package import Logging
package import NIOCore
import Synchronization

/// The gateway behind its front ends: one catalog, one router, all backends.
package final class Gateway: GatewayServices {
    let catalog: ToolCatalog
    let pins: ToolPins
    let registry: BackendRegistry
    let saved: SavedState
    /// What the whole process holds for others.
    package let budget: MemoryBudget
    package let events = EventHub()
    package let asyncCalls: AsyncCalls
    private let callbacks: CallbackSender?
    private let agents: CallerLimits?
    private let principals: CallerLimits?
    let quotas: TenantQuotas
    package let access: AccessTable
    package let license: any LicenseDesk
    let started = Instant.now
    private let draining = Atomic<Bool>(false)
    private let maxCallTimeout: Duration
    let pageSize: Int
    let recorder: CallRecorder
    package let callLog: CallLog
    let audit: AuditTrail?
    private let correlation: CorrelationIDs
    let warnings: [String]
    let logger: Logger
    let reloader: ConfigReloader
    /// Told when a client asks the gateway to stop.
    private let stopHandler = Mutex<(@Sendable () -> Void)?>(nil)
    let reloadHandler = Mutex<(@Sendable () -> Void)?>(nil)

    package init(
        config: GatewayConfig, source: ConfigSource, directory: StateDirectory, calls: any CallStore,
        log: any CallLogStore, pins store: any PinStore, audit: AuditTrail?, license: any LicenseDesk,
        group: any EventLoopGroup, environment: [String: String], logger: Logger
    ) throws {
        maxCallTimeout = config.limits.maxCallTimeout
        pageSize = config.gateway.pageSize
        reloader = ConfigReloader(source: source)
        self.logger = logger
        let saved = SavedState(directory)
        self.saved = saved
        budget = MemoryBudget(limit: config.limits.bufferedBytes)
        let quotas = TenantQuotas(config.tenants)
        self.quotas = quotas
        asyncCalls = AsyncCalls(config, store: calls, budget: budget, quotas: quotas, loop: group.next())
        callbacks = try Gateway.callbacks(config, directory, calls, group.next(), logger)
        if let callbacks { asyncCalls.onEnd { callbacks.ended($0, $1) } }
        recorder = try CallRecorder(config.log, directory, log, loop: group.next(), logger)
        self.audit = audit
        self.license = license
        callLog = CallLog(recorder: recorder, store: log)
        agents = CallerLimits.ofAgents(config.gateway)
        principals = CallerLimits.ofPrincipals(config.limits)
        access = try AccessTable(config, directory, oauth: OAuthAccess.open(config, logger), logger) {
            audit?.act($0, $1)
        }
        var limits = ToolDefinitionCheck.Limits()
        limits.description = config.limits.descriptionBytes
        limits.schema = config.limits.schemaBytes
        let pins = try Gateway.pins(store, events, audit, logger)
        self.pins = pins
        catalog = ToolCatalog(
            records: saved.names(), prompts: saved.promptNames(), limits: limits, pins: pins
        ) { saved.save($0) }
        catalog.changes.run(on: group.next())
        registry = BackendRegistry(
            config: config, catalog: catalog, saved: saved, group: group, environment: environment, budget: budget,
            events: events, logger: logger)
        correlation = CorrelationIDs(seed: UInt32.random(in: 0...UInt32.max))
        warnings =
            config.server.unsafeOpenAdmin ? ["unsafe_open_admin is on: anyone on this machine can add servers"] : []
    }

    /// - Returns: nil when nobody may be called.
    private static func callbacks(
        _ config: GatewayConfig, _ directory: StateDirectory, _ store: any CallStore, _ loop: any EventLoop,
        _ logger: Logger
    ) throws -> CallbackSender? {
        guard !config.async.callbackHosts.isEmpty else { return nil }
        return CallbackSender(
            store: store, key: try CallbackSecret.load(directory), loop: loop, logger: logger,
            post: try CallbackSender.poster())
    }

    /// Takes in all servers, of the configuration first, with the tools that are known of them. Before the first request:
    /// its sender must see them.
    package func takeInServers() {
        for backend in config.backends { register(backend, isRuntime: false) }
        for backend in saved.addedServers() { register(backend, isRuntime: true) }
        for refused in saved.refusedServers {
            logger.error("a server that was added at run time is left out: \(refused)")
        }
    }

    /// Runs the servers until ``shutDown()``.
    package func run() async {
        audit?.act("gateway_start", StonegateVersion.current)
        await withDiscardingTaskGroup { group in
            group.addTask {
                await self.asyncCalls.run(
                    { call throws(GateError) in try await self.call(call) }, mayRepeat: { self.isRepeatable($0) })
            }
            if let callbacks { group.addTask { await callbacks.run() } }
            group.addTask { await self.recorder.run() }
            if let oauth = access.oauth { group.addTask { await oauth.run() } }
            await registry.run()
            await asyncCalls.shutDown()
            callbacks?.stop()
            await access.oauth?.stop()
            recorder.stop()
        }
        saved.flush()
        audit?.act("gateway_stop", "")
        await audit?.close()
    }

    /// Goes on with what an earlier run had accepted. Before the first request: whoever asks for such a call must find it.
    package func recoverCalls() async throws(StoreFailure) {
        let found = try await asyncCalls.recover()
        if found != AsyncCalls.Recovered() {
            logger.notice(
                """
                asynchronous calls of an earlier run: \(found.queued) go on, \(found.unknown) were under way and are not repeated, \
                \(found.unreadable) cannot be read
                """)
        }
    }

    /// Whether a call does no harm when it is carried out twice.
    private func isRepeatable(_ call: GatewayCall) -> Bool {
        guard case .tool = call.operation, let entry = registry.entry(call.server) else { return false }
        return entry.backend.settings.trustsAnnotations && catalog.snapshot.repeatable.contains(call.target)
    }

    /// What is in force: after a reload not what the gateway started with.
    package var config: GatewayConfig { registry.config }

    /// From here on new work is refused.
    /// - Returns: whether it was not before.
    @discardableResult package func beginDraining() -> Bool {
        asyncCalls.close()
        return !draining.exchange(true, ordering: .acquiringAndReleasing)
    }

    /// Waits for the calls in flight; from here on no backend gets another one.
    /// - Returns: whether they have ended before their time was over.
    package func finishCalls(within time: Duration) async -> Bool { await registry.drain(within: time) }

    /// Stops all backends; ``run()`` returns when they have stopped.
    package func shutDown() {
        beginDraining()
        registry.shutDown()
    }

    package var isDraining: Bool { draining.load(ordering: .acquiring) }

    /// - Parameter body: begins to stop the gateway; called at most once, on any thread.
    package func onStopRequest(_ body: @escaping @Sendable () -> Void) { stopHandler.withLock { $0 = body } }

    /// - Parameter body: told that somebody wants what was read at the start to be read again, beside the configuration; on any thread.
    package func onReloadRequest(_ body: @escaping @Sendable () -> Void) { reloadHandler.withLock { $0 = body } }

    package func requestStop() -> StopNotice {
        let handler = stopHandler.withLock { $0.take() }
        handler?()
        return StopNotice(callsInFlight: registry.callsInFlight, drainTimeout: config.limits.drainTimeout)
    }

    private func register(_ backend: BackendConfig, isRuntime: Bool) {
        do throws(GateError) {
            try registry.add(backend, isRuntime: isRuntime)
        } catch {
            logger.error("\(error.message)")
        }
    }

    // MARK: Catalog

    package func tools(_ visibility: Visibility) -> [CatalogTool] { catalog.snapshot.tools(visibility) }

    package func taskSupport(_ target: ToolTarget) -> TaskSupport { catalog.snapshot.taskSupport(target) }

    package func resolve(_ name: String, _ visibility: Visibility) throws(GateError) -> ToolTarget {
        do throws(GateError) {
            return try catalog.resolve(name, visibility)
        } catch {
            throw unresolved(error, tool: name)
        }
    }

    package func resolve(server: String, tool: String, _ visibility: Visibility) throws(GateError) -> ToolTarget {
        do throws(GateError) {
            return try catalog.resolve(server: server, tool: tool, visibility)
        } catch {
            throw unresolved(error, tool: tool)
        }
    }

    /// A call that ends before it has a target is found in the log like all others.
    func unresolved(_ error: GateError, tool: String) -> GateError {
        var error = error
        error.correlationID = error.correlationID ?? correlation.next()
        logger.info(
            "call failed: \(error.code)",
            metadata: [
                "correlation_id": "\(error.correlationID ?? "")", "server": "\(error.server ?? "")",
                "tool": "\(tool.prefix(128))", "sent": "false", "reason": "\(error.message)",
            ])
        recordUnresolved(error, tool: tool)
        audit?.refused(error, tool: tool)
        return error
    }

    package func serverNames(_ visibility: Visibility) -> [String] {
        registry.entries.map(\.config.name).filter(visibility.sees)
    }

    package func discover(_ query: String, limit: Int, _ visibility: Visibility) -> [DiscoveredTool] {
        let answer = catalog.index.search(
            DiscoveryQuery(text: query, limit: limit, isVisible: { visibility.sees(.tool, $0, $1) }))
        let snapshot = catalog.snapshot
        if query.utf8.allSatisfy({ $0 == 0x20 }) {
            // Without words there is nothing to rank: the catalog's own order.
            return snapshot.tools(visibility).prefix(limit).map { tool in
                DiscoveredTool(
                    name: tool.name, server: tool.target.server, tool: tool.target.tool, description: tool.description,
                    score: 0, why: "")
            }
        }
        return answer.hits.map { hit in
            DiscoveredTool(
                name: hit.exposedName, server: hit.server, tool: hit.tool,
                description: snapshot.tool(named: hit.exposedName)?.description ?? "", score: hit.score, why: hit.why)
        }
    }

    package func onCatalogChange(
        _ visibility: Visibility, _ body: @escaping @Sendable (CatalogKinds) -> Void
    ) -> EventSubscription {
        catalog.changes.subscribe(visibility, catalog: catalog, body)
    }

    // MARK: Calls

    package func call(_ call: GatewayCall) async throws(GateError) -> CallReply {
        if call.key != nil, !call.isAsync { return try await once(call) }
        let started = Instant.now
        let id = correlation.next()
        let trace = CallTrace()
        do throws(GateError) {
            try await audit?.begin(call, id)
        } catch {
            throw unresolved(error, call, id)
        }
        do throws(GateError) {
            let reply = try await routed(call, started: started, id: id, trace)
            record(call, id, started, trace, reply)
            return reply
        } catch {
            record(call, id, started, trace, error)
            audit?.end(
                id, outcome: error.code.rawValue, sent: error.sent, bytes: 0, duration: started.duration(to: .now))
            var error = error
            error.correlationID = error.correlationID ?? id
            error.tool = error.tool ?? call.target.tool
            log(error, call)
            throw error
        }
    }

    private func routed(
        _ call: GatewayCall, started: Instant, id: String, _ trace: CallTrace
    ) async throws(GateError) -> CallReply {
        let target = call.target
        let entry = try enter(target)
        defer { entry.calls.leave() }
        let backend = entry.backend
        if let keep = call.caller.keepsState, backend.settings.isolation == .perSession { await keep() }
        guard budget.admits(.call) else { throw outOfMemory(target) }
        let caller = ExactText(call.caller.agent)
        try agents?.enter(caller, server: target.server, now: started)
        defer { agents?.leave(caller) }
        // What was accepted has bounds of its own.
        let principals = call.caller.isAuthenticated && !call.isAsync ? self.principals : nil
        try principals?.enter(caller, server: target.server, now: started)
        defer { principals?.leave(caller) }
        let tenant = call.caller.tenant.map { ExactText($0) }
        let quota = call.isAsync ? nil : tenant.flatMap { quotas.limits(of: $0) }
        if let tenant { try quota?.enter(tenant, server: target.server, now: started) }
        defer { if let tenant { quota?.leave(tenant) } }
        let bound = backend.settings.requestTimeout
        let timeout = min(call.timeout ?? bound, call.isAsync ? .seconds(2_592_000) : max(bound, maxCallTimeout))
        var forwarded = BackendCall(
            call.operation, meta: call.meta, principal: caller, deadline: started.advanced(by: timeout),
            listener: call.listener)
        forwarded.session = call.caller.session
        forwarded.isNamed = call.caller.isNamed
        forwarded.tenant = tenant
        forwarded.round = call.round
        forwarded.trace = trace
        if case .tool(_, let arguments) = call.operation {
            forwarded.demandsTask = catalog.snapshot.taskSupport(target) == .required
            forwarded.isRepeatable = backend.settings.trustsAnnotations && catalog.snapshot.repeatable.contains(target)
            forwarded.mirrored = mirrored(arguments, target)
        }
        var reply = try await backend.call(forwarded)
        if await knowsHeadersBetter(after: reply, backend, &forwarded, target) {
            reply = try await backend.call(forwarded)
        }
        guard reply.envelope.kind == .result else { throw refusal(reply, target) }
        return CallReply(
            message: reply, server: target.server, tool: target.tool, duration: started.duration(to: .now),
            correlationID: id)
    }

    package var usesSessions: Bool { registry.usesSessions }

    package func sessionEnded(_ session: InstanceOwner) {
        registry.end(session: session)
        asyncCalls.ownerLeft(session)
    }

    /// Finds the backend and enters its gate: until the call leaves it again, the backend is not stopped by a reload.
    private func enter(_ target: ToolTarget) throws(GateError) -> BackendRegistry.Entry {
        while !isDraining {
            guard let entry = registry.entry(target.server) else {
                throw GateError(
                    .serverNotFound, "There is no server '\(target.server)'.", source: .caller, server: target.server)
            }
            // A closed gate is that of a backend which has just been replaced or removed: look again.
            if entry.calls.enter() { return entry }
        }
        throw GateError(
            .draining, "stonegate is stopping and takes no new calls. The call was not sent.", server: target.server,
            retryAfter: 5)
    }

    package func headerMismatch(
        _ target: ToolTarget, arguments: ByteBuffer?, header: (String) -> String?
    ) -> String? {
        guard let mirror = catalog.snapshot.mirrors[target] else { return nil }
        let parsed = Gateway.parsed(arguments) ?? .null
        return mirror.items.first { !mirror.agrees($0, received: header($0.header), arguments: parsed) }?.header
    }

    /// The arguments as a tree: only for the rare tools that have some of them repeated in headers.
    static func parsed(_ arguments: ByteBuffer?) -> JSONValue? {
        arguments.flatMap { try? JSONValue(parsing: Array(buffer: $0)) }
    }

    package var takesSessions: Bool { budget.admits(.session) }

    private func outOfMemory(_ target: ToolTarget) -> GateError {
        GateError(
            .overloaded,
            "stonegate holds \(budget.used >> 20) MiB for calls and replies under way, near its limit of "
                + "\(budget.limit >> 20) MiB (limits.buffered_bytes). The call was not sent.", server: target.server,
            retryAfter: 1)
    }

    /// A backend's JSON-RPC error: it answered, and did not want the call.
    private func refusal(_ reply: WireMessage, _ target: ToolTarget) -> GateError {
        let words = reply.string(reply.find("message", in: reply.envelope.error)) ?? "no reason given"
        return GateError(
            .backendError, "Server '\(target.server)' refused the call: \(words)", source: .backend,
            server: target.server, tool: target.tool, sent: true,
            detail: reply.envelope.error.map { reply.bytes($0.range) })
    }

    func log(_ error: GateError, _ call: GatewayCall) {
        logger.info(
            "call failed: \(error.code)",
            metadata: [
                "correlation_id": "\(error.correlationID ?? "")", "server": "\(call.target.server)",
                "tool": "\(call.target.tool)", "agent": "\(call.caller.agent)", "sent": "\(error.sent)",
                "reason": "\(error.message)",
            ])
    }
}
