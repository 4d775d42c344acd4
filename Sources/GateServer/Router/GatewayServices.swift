package import GateConfig
package import GateCore
package import GateProtocol
package import NIOCore

/// What the front ends (MCP, REST) ask of the gateway. They know this and nothing behind it.
package protocol GatewayServices: Sendable {
    // Catalog. All of it is answered from memory at once, whatever the backends are doing.

    /// The tools that are seen, in the catalog's order.
    func tools(_ visibility: Visibility) -> [CatalogTool]

    /// The tools that are seen as the JSON text of an array, ready to be written out; kept between calls.
    /// - Parameter offersTasks: whether tools say that they can be called as tasks (2025-11-25).
    func toolListing(_ visibility: Visibility, era: ProtocolEra, offersTasks: Bool) -> ByteBuffer

    /// What a tool says of being called as a task.
    func taskSupport(_ target: ToolTarget) -> TaskSupport

    /// Finds a tool by its exposed name, by `server/tool`, or by its own name where that is unique among what is seen.
    /// - Throws: `TOOL_NOT_FOUND`, or `AMBIGUOUS_TOOL` with the candidates in the message.
    func resolve(_ name: String, _ visibility: Visibility) throws(GateError) -> ToolTarget

    /// Finds a tool of a server by its own or its exposed name.
    /// - Throws: `SERVER_NOT_FOUND` or `TOOL_NOT_FOUND`; a server that is not seen does not exist.
    func resolve(server: String, tool: String, _ visibility: Visibility) throws(GateError) -> ToolTarget

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

    // The gateway itself.

    /// The configuration in force.
    var config: GatewayConfig { get }
    /// Reads the configuration again and applies what has changed; all of it or nothing.
    /// - Throws: `CONFIG_INVALID` with all problems in `detail`, `DRAINING`.
    func reload() async throws(GateError) -> ReloadReport
    /// Begins to stop the gateway, as SIGTERM does. Asking again changes nothing.
    func requestStop() -> StopNotice
    func health() -> HealthInfo
    func stats() -> StatsInfo
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
