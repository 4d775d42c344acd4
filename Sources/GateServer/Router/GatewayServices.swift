package import GateBackend
package import GateConfig
package import GateCore
package import GateProtocol
package import NIOCore

/// What the front ends (MCP, REST) ask of the gateway. They know this and nothing behind it.
package protocol GatewayServices: Sendable {
    // Catalog. All of it is answered from memory at once, whatever the backends are doing.

    /// The tools that are seen, in the catalog's order.
    func tools(_ visibility: Visibility) -> [CatalogTool]

    /// A list as the JSON text of an array, ready to be written out; kept between calls. It is whole unless pages are configured.
    ///
    /// - Parameter cursor: where the page begins; nil for the first.
    /// - Throws: `INVALID_PARAMS` for a cursor that is none, or of a list that has changed since.
    func list(
        _ kind: ListKind, _ visibility: Visibility, _ form: ListForm, cursor: String?
    ) throws(GateError) -> CatalogPage

    /// What can be done with the servers that are seen; all of it as long as one of them has not been heard of.
    func offers(_ visibility: Visibility) -> BackendOffers

    /// The servers' own instructions, each under the server's name, bounded; empty when none gives any.
    func instructions(_ visibility: Visibility) -> String

    /// What a tool says of being called as a task.
    func taskSupport(_ target: ToolTarget) -> TaskSupport

    /// Finds a tool by its exposed name, by `server/tool`, or by its own name where that is unique among what is seen.
    /// - Throws: `TOOL_NOT_FOUND`, or `AMBIGUOUS_TOOL` with the candidates in the message.
    func resolve(_ name: String, _ visibility: Visibility) throws(GateError) -> ToolTarget

    /// Finds a tool of a server by its own or its exposed name.
    /// - Throws: `SERVER_NOT_FOUND` or `TOOL_NOT_FOUND`; a server that is not seen does not exist.
    func resolve(server: String, tool: String, _ visibility: Visibility) throws(GateError) -> ToolTarget

    /// Finds a prompt, as tools are found.
    /// - Returns: the server and its own name for the prompt.
    /// - Throws: `PROMPT_NOT_FOUND`, or `STARTING` while a server has not listed its prompts.
    func resolve(prompt name: String, _ visibility: Visibility) throws(GateError) -> ToolTarget

    /// Finds whose a URI is: a listed one, a qualified one, one that fits a template, or any URI where only one server has resources.
    /// - Throws: `RESOURCE_NOT_FOUND`, or `STARTING` while a server has not listed its resources.
    func resolve(resource uri: String, _ visibility: Visibility) throws(GateError) -> ResourceTarget

    /// Finds whose a URI template is; a URI does as well.
    func resolve(template: String, _ visibility: Visibility) throws(GateError) -> ResourceTarget

    /// The URI by which agents reach a server's own resource.
    func exposedURI(_ target: ResourceTarget, _ visibility: Visibility) -> String

    /// Whether URIs that this server uses may mean another server's resources, so that ``exposedURI(_:_:)`` must be asked for them.
    func hasDisplacedURIs(_ server: String) -> Bool

    /// What a server says it can do; nil as long as it has not been heard of.
    func offers(of server: String) -> BackendOffers?

    /// The names of all servers that are seen, running or not.
    func serverNames(_ visibility: Visibility) -> [String]

    func discover(_ query: String, limit: Int, _ visibility: Visibility) -> [DiscoveredTool]

    /// Calls `body` with the kinds that have changed after each change of what `visibility` sees, with bursts combined, until the
    /// subscription is cancelled.
    func onCatalogChange(
        _ visibility: Visibility, _ body: @escaping @Sendable (CatalogKinds) -> Void
    ) -> EventSubscription

    // Calls.

    /// Calls a tool. Cancelling the task cancels the call at the backend.
    /// - Throws: errors that say whether the call was sent. A JSON-RPC error of the backend is `BACKEND_ERROR` with the error
    ///   object in `detail`. A result with `isError` is no error here.
    func call(_ call: GatewayCall) async throws(GateError) -> CallReply

    /// Calls that nobody has to wait for, and the protocol's tasks.
    var asyncCalls: AsyncCalls { get }

    /// Compares the header fields that repeat a tool's arguments (`Mcp-Param-*`, 2026-07-28) with the arguments.
    ///
    /// - Parameter header: the decoded value of a field of the request, nil when it is absent.
    /// - Returns: the first field that disagrees; nil when all agree or the tool has none.
    func headerMismatch(_ target: ToolTarget, arguments: ByteBuffer?, header: (String) -> String?) -> String?

    /// Follows a resource until the subscription is released: `body` gets the URI, as the caller knows it, of each update. It is
    /// called on any thread, over restarts of the backend too, and must return quickly.
    ///
    /// - Throws: when there is no such resource, or its server does not tell of updates or refuses to; a JSON-RPC error of the
    ///   server is in `detail`. While the server cannot be reached nothing is known of that, and nothing thrown.
    func watch(
        resource uri: String, _ caller: Caller, _ body: @escaping @Sendable (String) -> Void
    ) async throws(GateError) -> EventSubscription

    /// A session has ended: backends that keep an instance for each session end that instance.
    func sessionEnded(_ session: InstanceOwner)

    /// Whether any backend keeps an instance for each session, so that callers' sessions matter.
    var usesSessions: Bool { get }

    // Servers.

    func servers(_ visibility: Visibility) async -> [ServerInfo]
    func startServer(_ name: String) async throws(GateError)
    func stopServer(_ name: String) async throws(GateError)
    func restartServer(_ name: String) async throws(GateError)
    func removeServer(_ name: String) async throws(GateError)
    /// Adds a server and keeps it over restarts of the gateway. Returns when it is registered, not when it has started.
    func addServer(_ config: BackendConfig) async throws(GateError)

    /// Who may come in, and as whom.
    var access: AccessTable { get }

    /// The license, and the tier that counts.
    var license: any LicenseDesk { get }

    // Tools that nobody has approved.

    /// What waits for the operator, with what is different and what is suspicious.
    func integrity(_ query: IntegrityQuery) async throws(GateError) -> JSONValue
    /// Approves or rejects definitions, all of them or none.
    /// - Throws: `TOOL_CHANGED` when one is no longer what was shown, `TOOL_NOT_FOUND`, `SERVER_NOT_FOUND`, `STORAGE_FAILED`.
    func decide(_ shown: [ShownDefinition], reject: Bool) async throws(GateError) -> JSONValue

    // The gateway itself.

    /// The configuration in force.
    var config: GatewayConfig { get }
    /// Reads the configuration again and applies what has changed; all of it or nothing.
    /// - Throws: `CONFIG_INVALID` with all problems in `detail`, `DRAINING`.
    func reload() async throws(GateError) -> ReloadReport
    /// Begins to stop the gateway, as SIGTERM does. Asking again changes nothing.
    func requestStop() -> StopNotice
    func health() -> HealthInfo
    /// - Parameter agent: whose figures alone are wanted; nil for all.
    func stats(of agent: String?) async -> StatsInfo
    /// Figures in the text format of Prometheus.
    func metrics() async -> String
    /// What is remembered of calls.
    var callLog: CallLog { get }
    /// What has happened to servers, and happens.
    var events: EventHub { get }
    /// Whether there is memory for more sessions and streams: they end before calls do.
    var takesSessions: Bool { get }
    /// True from the moment the gateway begins to stop.
    var isDraining: Bool { get }
}

/// Ends a subscription when it is cancelled or released.
package final class EventSubscription: Sendable {
    private let onCancel: @Sendable () -> Void

    package init(_ onCancel: @escaping @Sendable () -> Void) { self.onCancel = onCancel }

    deinit { onCancel() }
}
