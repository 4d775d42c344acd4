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

/// A gateway behind the front end that does what the test says and remembers what it was asked.
final class FakeServices: GatewayServices {
    typealias Handler = @Sendable (GatewayCall) async throws(GateError) -> String

    struct Tool: Sendable {
        var server: String
        var name: String
        var definition: String
    }

    private struct State {
        var tools: [Tool]
        var isDraining = false
        var takesSessions = true
        var watchers: [Int: (Visibility, @Sendable (CatalogKinds) -> Void)] = [:]
        var lastWatcher = 0
    }

    private let state: Mutex<State>
    private let handler: Handler
    /// What is listed besides tools. A URI or a prompt belongs to the server with whose name it begins.
    private let items: [ListKind: [String]]
    private let offered: BackendOffers
    let calls = Journal<GatewayCall>(name: "calls")
    let config = GatewayConfig()
    let license: any LicenseDesk = FakeLicense()
    let access = AccessTable(GatewayConfig(), nil, Logger(label: "test"))
    let asyncCalls = AsyncCalls(
        store: MemoryCallStore(maxBytes: 10_000_000), budget: MemoryBudget(),
        loop: MultiThreadedEventLoopGroup.singleton.next())

    static let standard = [
        Tool(
            server: "web", name: "search",
            definition: """
                {"name":"search","description":"Finds pages.","inputSchema":{"type":"object","properties":{"q":{"type":\
                "string","description":"Words."},"n":{"type":"integer"}},"required":["q"]}}
                """),
        Tool(
            server: "db", name: "query",
            definition: #"{"name":"query","inputSchema":{"type":"object","properties":{}}}"#),
    ]

    init(
        tools: [Tool] = FakeServices.standard, items: [ListKind: [String]] = [:], offers: BackendOffers = .tools,
        _ handler: @escaping Handler = { _ in #"{"content":[{"type":"text","text":"ok"}]}"# }
    ) {
        state = Mutex(State(tools: tools))
        self.handler = handler
        self.items = items
        offered = offers
    }

    /// Changes the catalog and tells those who watch.
    func set(tools: [Tool]) {
        let watchers = state.withLock { state in
            state.tools = tools
            return Array(state.watchers.values)
        }
        for watcher in watchers { watcher.1(.tools) }
    }

    /// Tells those who watch, although nothing has changed.
    func tell(_ kinds: CatalogKinds) {
        for watcher in state.withLock({ Array($0.watchers.values) }) { watcher.1(kinds) }
    }

    var watchers: Int { state.withLock { $0.watchers.count } }
    let events = EventHub()
    var takesSessions: Bool { state.withLock { $0.takesSessions } }
    func refuseSessions() { state.withLock { $0.takesSessions = false } }
    var isDraining: Bool { state.withLock { $0.isDraining } }
    func drain() { state.withLock { $0.isDraining = true } }

    private func seen(_ visibility: Visibility) -> [Tool] {
        state.withLock { $0.tools.filter { visibility.sees($0.server) } }
    }

    func tools(_ visibility: Visibility) -> [CatalogTool] {
        seen(visibility).map { tool in
            let value = try? JSONValue(parsing: tool.definition)
            return CatalogTool(
                target: ToolTarget(server: tool.server, tool: tool.name), name: tool.name, title: nil,
                description: value?["description"]?.stringValue ?? "",
                inputSchema: ByteBuffer(string: value?["inputSchema"]?.text ?? "{}"),
                definition: ByteBuffer(string: tool.definition), legacyDefinition: nil,
                original: ByteBuffer(string: tool.definition), repairs: [])
        }
    }

    func taskSupport(_ target: ToolTarget) -> TaskSupport { target.tool == "untasked" ? .forbidden : .unstated }

    func list(
        _ kind: ListKind, _ visibility: Visibility, _ form: ListForm, cursor: String?
    ) throws(GateError) -> CatalogPage {
        guard cursor == nil else { throw GateError(.invalidParams, "There is no such page.", source: .caller) }
        let listed = kind == .tools ? seen(visibility).map(\.definition) : items[kind] ?? []
        return CatalogPage(items: ByteBuffer(string: "[" + listed.joined(separator: ",") + "]"))
    }

    func offers(_ visibility: Visibility) -> BackendOffers { offered }
    func instructions(_ visibility: Visibility) -> String { "" }

    func resolve(prompt name: String, _ visibility: Visibility) throws(GateError) -> ToolTarget {
        guard let tool = seen(visibility).first, items[.prompts] != nil, name.hasPrefix(tool.server) else {
            throw GateError(.promptNotFound, "There is no prompt '\(name)'.", source: .caller)
        }
        return ToolTarget(server: tool.server, tool: name)
    }

    func resolve(resource uri: String, _ visibility: Visibility) throws(GateError) -> ResourceTarget {
        guard let tool = seen(visibility).first(where: { uri.hasPrefix($0.server) }), items[.resources] != nil else {
            throw GateError(.resourceNotFound, "There is no resource '\(uri)'.", source: .caller)
        }
        return ResourceTarget(server: tool.server, uri: uri)
    }

    func resolve(template: String, _ visibility: Visibility) throws(GateError) -> ResourceTarget {
        try resolve(resource: template, visibility)
    }

    func exposedURI(_ target: ResourceTarget, _ visibility: Visibility) -> String { target.uri }
    func hasDisplacedURIs(_ server: String) -> Bool { false }
    func offers(of server: String) -> BackendOffers? { offered }

    func resolve(_ name: String, _ visibility: Visibility) throws(GateError) -> ToolTarget {
        guard let tool = seen(visibility).first(where: { $0.name == name }) else {
            throw GateError(.toolNotFound, "There is no tool '\(name)'.", source: .caller)
        }
        return ToolTarget(server: tool.server, tool: tool.name)
    }

    func resolve(server: String, tool: String, _ visibility: Visibility) throws(GateError) -> ToolTarget {
        guard let known = seen(visibility).first(where: { $0.server == server && $0.name == tool }) else {
            throw GateError(.toolNotFound, "Server '\(server)' has no tool '\(tool)'.", source: .caller)
        }
        return ToolTarget(server: known.server, tool: known.name)
    }

    func serverNames(_ visibility: Visibility) -> [String] { Set(seen(visibility).map(\.server)).sorted() }

    func discover(_ query: String, limit: Int, _ visibility: Visibility) -> [DiscoveredTool] {
        tools(visibility).filter { query.isEmpty || $0.name == query }.prefix(limit).map {
            DiscoveredTool(
                name: $0.name, server: $0.target.server, tool: $0.target.tool, description: $0.description, score: 1,
                why: "")
        }
    }

    func onCatalogChange(_ visibility: Visibility, _ body: @escaping @Sendable (CatalogKinds) -> Void)
        -> EventSubscription
    {
        let id = state.withLock { state in
            state.lastWatcher += 1
            state.watchers[state.lastWatcher] = (visibility, body)
            return state.lastWatcher
        }
        return EventSubscription { [self] in state.withLock { $0.watchers[id] = nil } }
    }

    func call(_ call: GatewayCall) async throws(GateError) -> CallReply {
        if isDraining { throw GateError(.draining, "draining", server: call.target.server, retryAfter: 5) }
        calls.append(call)
        let result = try await handler(call)
        do throws(EnvelopeFault) {
            let message = try WireMessage(ByteBuffer(string: #"{"jsonrpc":"2.0","id":7,"result":\#(result)}"#))
            return CallReply(
                message: message, server: call.target.server, tool: call.target.tool, duration: .zero,
                correlationID: "c-1")
        } catch {
            throw GateError(.internalError, error.message)
        }
    }

    func servers(_ visibility: Visibility) -> [ServerInfo] {
        serverNames(visibility).map {
            ServerInfo(
                name: $0, status: "running", transport: "stdio", toolCount: 1, uptimeSeconds: 5, circuit: "closed",
                totalCalls: 0, errorRate: 0)
        }
    }

    func startServer(_ name: String) async throws(GateError) {}
    func stopServer(_ name: String) async throws(GateError) {}
    func restartServer(_ name: String) async throws(GateError) {}
    func removeServer(_ name: String) async throws(GateError) {}
    func addServer(_ config: BackendConfig) async throws(GateError) {}

    func reload() async throws(GateError) -> ReloadReport { ReloadReport() }
    func requestStop() -> StopNotice { StopNotice(callsInFlight: 0, drainTimeout: .zero) }

    func health() -> HealthInfo {
        HealthInfo(
            status: "ok", version: "1", tier: "free", uptimeSeconds: 1, backendsTotal: 2, backendsHealthy: 2,
            circuitsOpen: 0)
    }

    func headerMismatch(
        _ target: ToolTarget, arguments: ByteBuffer?, header: (String) -> String?
    ) -> String? { nil }

    var usesSessions: Bool { false }
    func sessionEnded(_ session: InstanceOwner) { asyncCalls.ownerLeft(session) }
    func metrics() async -> String { "# nothing\n" }
    let callLog = CallLog.empty()

    func stats(of agent: String?) -> StatsInfo {
        StatsInfo(totalCalls: 0, totalErrors: 0, averageLatency: 0, p95Latency: 0, p99Latency: 0, backends: [])
    }

    /// Resources that can be followed, and who follows them.
    let watched = WatchedResources()
    func watch(
        resource uri: String, _ caller: Caller, _ body: @escaping @Sendable (String) -> Void
    ) async throws(GateError) -> EventSubscription { try watched.watch(uri, body) }

    func integrity(_ query: IntegrityQuery) async throws(GateError) -> JSONValue { [:] }
    func decide(_ shown: [ShownDefinition], reject: Bool) async throws(GateError) -> JSONValue { [:] }
}
