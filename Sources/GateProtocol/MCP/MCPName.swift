/// Names that MCP fixes, in one place.
public enum MCPMethod {
    public static let initialize: StaticString = "initialize"
    public static let initialized: StaticString = "notifications/initialized"
    public static let discover: StaticString = "server/discover"
    public static let ping: StaticString = "ping"
    public static let toolsList: StaticString = "tools/list"
    public static let toolsCall: StaticString = "tools/call"
    public static let resourcesList: StaticString = "resources/list"
    public static let resourceTemplatesList: StaticString = "resources/templates/list"
    public static let resourcesRead: StaticString = "resources/read"
    public static let resourcesSubscribe: StaticString = "resources/subscribe"
    public static let resourcesUnsubscribe: StaticString = "resources/unsubscribe"
    public static let promptsList: StaticString = "prompts/list"
    public static let promptsGet: StaticString = "prompts/get"
    public static let complete: StaticString = "completion/complete"
    public static let setLevel: StaticString = "logging/setLevel"
    public static let listen: StaticString = "subscriptions/listen"
    public static let acknowledged: StaticString = "notifications/subscriptions/acknowledged"
    public static let progress: StaticString = "notifications/progress"
    public static let cancelled: StaticString = "notifications/cancelled"
    public static let message: StaticString = "notifications/message"
    public static let toolsChanged: StaticString = "notifications/tools/list_changed"
    public static let resourcesChanged: StaticString = "notifications/resources/list_changed"
    public static let promptsChanged: StaticString = "notifications/prompts/list_changed"
    public static let resourceUpdated: StaticString = "notifications/resources/updated"
    public static let tasksGet: StaticString = "tasks/get"
    /// Up to 2025-11-25, as the next one.
    public static let tasksResult: StaticString = "tasks/result"
    public static let tasksList: StaticString = "tasks/list"
    public static let tasksCancel: StaticString = "tasks/cancel"
    /// From 2026-07-28 on, an extension.
    public static let tasksUpdate: StaticString = "tasks/update"
    /// 2025-11-25.
    public static let taskStatus: StaticString = "notifications/tasks/status"
    /// 2026-07-28.
    public static let taskChanged: StaticString = "notifications/tasks"
    public static let rootsList: StaticString = "roots/list"
    public static let elicit: StaticString = "elicitation/create"
    public static let sample: StaticString = "sampling/createMessage"
}

/// Keys of `_meta` that the protocol reserves (2026-07-28) or that the gateway passes on.
public enum MCPMeta {
    public static let protocolVersion: StaticString = "io.modelcontextprotocol/protocolVersion"
    public static let clientCapabilities: StaticString = "io.modelcontextprotocol/clientCapabilities"
    public static let clientInfo: StaticString = "io.modelcontextprotocol/clientInfo"
    public static let serverInfo: StaticString = "io.modelcontextprotocol/serverInfo"
    public static let logLevel: StaticString = "io.modelcontextprotocol/logLevel"
    public static let subscriptionId: StaticString = "io.modelcontextprotocol/subscriptionId"
    /// 2025-11-25: the task that a message belongs to.
    public static let relatedTask: StaticString = "io.modelcontextprotocol/related-task"
    public static let progressToken: StaticString = "progressToken"
    /// stonegate's own: the whole call's time in milliseconds, an integer. Not passed on.
    public static let timeout: StaticString = "stonegate/timeout"
    /// stonegate's own: `true` makes a call a task at once, where its client declares the tasks extension. Not passed on.
    public static let task: StaticString = "stonegate/task"
    /// stonegate's own: a string under which the same agent can send the same call again without a second execution. Not passed on.
    public static let idempotencyKey: StaticString = "stonegate/idempotency-key"
    /// What every reserved key begins with.
    public static let reservedPrefix: StaticString = "io.modelcontextprotocol/"
}

/// Error codes of JSON-RPC and MCP.
public enum RPCCode {
    public static let parseError = -32700
    public static let invalidRequest = -32600
    public static let methodNotFound = -32601
    public static let invalidParams = -32602
    public static let internalError = -32603
    /// A resource does not exist; revisions up to 2025-11-25 only.
    public static let resourceNotFound = -32002
    /// A header and the body disagree, or a header is missing (2026-07-28).
    public static let headerMismatch = -32020
    /// The request did not declare a capability that it needs (2026-07-28).
    public static let missingCapability = -32021
    /// The protocol version of the request is not supported (2026-07-28).
    public static let unsupportedVersion = -32022
    /// URL elicitation needed (2025-11-25 only).
    public static let urlElicitationRequired = -32042
}
