import GateBackend
import GateConfig
import GateCore
import GateProtocol
import GateStore
import GateTestKit
import Logging
import NIOCore
import NIOPosix
import Synchronization

@testable import GateServer

/// A gateway with a real catalog and no backends: it answers calls as the test says and remembers what it was asked to do.
final class ScriptedServices: GatewayServices {
    typealias Answer = @Sendable (GatewayCall) async throws(GateError) -> String

    let config: GatewayConfig
    let catalog: ToolCatalog
    let access: AccessTable
    let license: any LicenseDesk = FakeLicense()
    let calls = Journal<GatewayCall>(name: "calls")
    let asyncCalls = AsyncCalls(
        store: MemoryCallStore(maxBytes: 10_000_000), budget: MemoryBudget(),
        loop: MultiThreadedEventLoopGroup.singleton.next())
    /// What changed the servers, as `start alpha`.
    let actions = Journal<String>(name: "actions")
    let added = Journal<BackendConfig>(name: "added servers")
    private let answer: Answer
    private let names = ["alpha", "beta"]

    /// Both servers have an `echo` and a `read.file`, so that one of each gets another name.
    static let tools: [(server: String, definitions: [String])] = [
        (
            "alpha",
            [
                #"{"name":"echo","description":"Says it again.","inputSchema":{"type":"object","properties":{"text":{"type":"string"}}}}"#,
                #"{"name":"read.file","description":"Reads a file.","inputSchema":{"type":"object"}}"#,
            ]
        ),
        (
            "beta",
            [
                #"{"name":"echo","description":"Echoes.","inputSchema":{"type":"object"}}"#,
                #"{"name":"read.file","inputSchema":{"type":"object"}}"#,
                #"{"name":"weather","description":"Tells the weather of a town.","inputSchema":{"type":"object"}}"#,
            ]
        ),
    ]

    init(
        config: GatewayConfig = GatewayConfig(),
        _ answer: @escaping Answer = { _ in #"{"content":[{"type":"text","text":"ok"}]}"# }
    ) {
        self.config = config
        access = AccessTable(config, nil, Logger(label: "test"))
        self.answer = answer
        catalog = ToolCatalog(records: [], limits: ToolDefinitionCheck.Limits()) { _ in }
        for (server, definitions) in ScriptedServices.tools {
            catalog.register(server)
            catalog.set(tools: definitions, of: server)
        }
    }

    func tools(_ visibility: Visibility) -> [CatalogTool] { catalog.snapshot.tools(visibility) }

    func taskSupport(_ target: ToolTarget) -> TaskSupport { catalog.snapshot.taskSupport(target) }

    func list(
        _ kind: ListKind, _ visibility: Visibility, _ form: ListForm, cursor: String?
    ) throws(GateError) -> CatalogPage {
        try catalog.snapshot.page(kind, visibility, form, cursor: cursor, size: 0, now: .now)
    }

    func offers(_ visibility: Visibility) -> BackendOffers { catalog.snapshot.offers(visibility) }
    func offers(of server: String) -> BackendOffers? { .all }
    func instructions(_ visibility: Visibility) -> String { catalog.snapshot.instructions(visibility) }

    func resolve(prompt name: String, _ visibility: Visibility) throws(GateError) -> ToolTarget {
        try catalog.resolve(prompt: name, visibility)
    }

    func resolve(resource uri: String, _ visibility: Visibility) throws(GateError) -> ResourceTarget {
        try catalog.snapshot.resolve(resource: uri, visibility)
    }

    func resolve(template: String, _ visibility: Visibility) throws(GateError) -> ResourceTarget {
        try catalog.snapshot.resolve(template: template, visibility)
    }

    func exposedURI(_ target: ResourceTarget, _ visibility: Visibility) -> String {
        catalog.snapshot.exposedURI(target, visibility)
    }

    func hasDisplacedURIs(_ server: String) -> Bool { catalog.snapshot.hasDisplacedURIs(server) }

    func resolve(_ name: String, _ visibility: Visibility) throws(GateError) -> ToolTarget {
        try catalog.resolve(name, visibility)
    }

    func resolve(server: String, tool: String, _ visibility: Visibility) throws(GateError) -> ToolTarget {
        try catalog.resolve(server: server, tool: tool, visibility)
    }

    func serverNames(_ visibility: Visibility) -> [String] { names.filter(visibility.sees) }

    func discover(_ query: String, limit: Int, _ visibility: Visibility) -> [DiscoveredTool] {
        tools(visibility).prefix(limit).map {
            DiscoveredTool(
                name: $0.name, server: $0.target.server, tool: $0.target.tool, description: $0.description, score: 0.5,
                why: "scripted")
        }
    }

    func onCatalogChange(_ visibility: Visibility, _ body: @escaping @Sendable (CatalogKinds) -> Void)
        -> EventSubscription
    {
        catalog.changes.subscribe(visibility, catalog: catalog, body)
    }

    func call(_ call: GatewayCall) async throws(GateError) -> CallReply {
        calls.append(call)
        let result = try await answer(call)
        do throws(EnvelopeFault) {
            let message = try WireMessage(ByteBuffer(string: #"{"jsonrpc":"2.0","id":7,"result":\#(result)}"#))
            return CallReply(
                message: message, server: call.target.server, tool: call.target.tool, duration: .microseconds(1_500),
                correlationID: "run-1")
        } catch {
            throw GateError(.backendProtocolError, error.message, source: .backend)
        }
    }

    func servers(_ visibility: Visibility) -> [ServerInfo] {
        serverNames(visibility).map { name in
            ServerInfo(
                name: name, status: "running", transport: "stdio", toolCount: 2, uptimeSeconds: 5, circuit: "closed",
                totalCalls: 4, errorRate: 0.25,
                details: JSONObject([
                    ("since_seconds", 5), ("reason", "ready"), ("advice", "nothing to do"), ("in_flight", 0),
                    ("queued", 0), ("restarts", 0), ("total_errors", 1), ("pid", 4_711), ("protocol", "2025-11-25"),
                    ("stderr", ["hello"]),
                ]))
        }
    }

    func startServer(_ name: String) async throws(GateError) { try act("start", name) }
    func stopServer(_ name: String) async throws(GateError) { try act("stop", name) }
    func restartServer(_ name: String) async throws(GateError) { try act("restart", name) }
    func removeServer(_ name: String) async throws(GateError) { try act("remove", name) }

    func addServer(_ config: BackendConfig) async throws(GateError) {
        if names.contains(config.name) {
            throw GateError(.serverExists, "There is a server '\(config.name)' already.", source: .caller)
        }
        actions.append("add \(config.name)")
        added.append(config)
    }

    private func act(_ action: String, _ name: String) throws(GateError) {
        guard names.contains(name) else {
            throw GateError(.serverNotFound, "There is no server '\(name)'.", source: .caller, server: name)
        }
        actions.append("\(action) \(name)")
    }

    let events = EventHub()
    var takesSessions: Bool { true }
    var isDraining: Bool { false }

    func reload() async throws(GateError) -> ReloadReport {
        actions.append("reload")
        var report = ReloadReport()
        report.file = "/etc/gate/config.toml"
        report.changed = ["alpha"]
        report.needsRestart = ["server.port"]
        return report
    }

    func requestStop() -> StopNotice {
        actions.append("stop the gateway")
        return StopNotice(callsInFlight: 2, drainTimeout: .seconds(30))
    }

    func health() -> HealthInfo {
        HealthInfo(
            status: "ok", version: "1.2.3", tier: "free", uptimeSeconds: 1, backendsTotal: 2, backendsHealthy: 2,
            circuitsOpen: 0, warnings: ["a warning"])
    }

    func headerMismatch(
        _ target: ToolTarget, arguments: ByteBuffer?, header: (String) -> String?
    ) -> String? { nil }

    var usesSessions: Bool { false }
    func sessionEnded(_ session: InstanceOwner) {}
    func metrics() async -> String { "# nothing\n" }
    let callLog = CallLog.empty()

    func stats(of agent: String?) -> StatsInfo {
        StatsInfo(
            totalCalls: 4, totalErrors: 1, averageLatency: 1.25, p95Latency: 3, p99Latency: 4.5,
            backends: [.init(name: "alpha", calls: 4, errors: 1, averageMilliseconds: 1.25)],
            memory: .init(bufferedBytes: 5, limitBytes: 100, refused: 1))
    }

    func watch(
        resource uri: String, _ caller: Caller, _ body: @escaping @Sendable (String) -> Void
    ) async throws(GateError) -> EventSubscription { EventSubscription {} }

    func integrity(_ query: IntegrityQuery) async throws(GateError) -> JSONValue {
        ["tools": [], "total": 0, "waiting": 0]
    }

    /// What was decided, as `approve alpha/echo`.
    func decide(_ shown: [ShownDefinition], reject: Bool) async throws(GateError) -> JSONValue {
        for shown in shown { try act(reject ? "reject" : "approve", shown.tool.server) }
        return ["ok": true, "tools": []]
    }
}
