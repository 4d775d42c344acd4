package import GateBackend
package import GateCore
import GateProtocol
package import NIOCore

/// One call, of a tool or of what else is carried out by a backend, as a front end hands it to the router.
package struct GatewayCall: Sendable {
    package var server: String
    package var operation: BackendOperation
    /// Members of the caller's `_meta` that are passed on, as JSON text without braces (`"traceparent":"…"`); nil for none.
    package var meta: ByteBuffer?
    package var caller: Caller
    /// Time for the whole call; nil means the backend's own limit, which also bounds it.
    package var timeout: Duration?
    /// Whether nobody waits for it: then `async.timeout` bounds it, and `timeout` has been set by it.
    package var isAsync = false
    /// The caller's own name for it: see ``IdempotencyKey``.
    package var key: String?
    /// Set when the caller wants to know what happens before the result, or can be asked.
    package var listener: CallListener?
    /// A further round of a call that a backend of 2026-07-28 answered with `input_required`.
    package var round: CallRound?

    package init(
        server: String, _ operation: BackendOperation, meta: ByteBuffer? = nil, caller: Caller,
        timeout: Duration? = nil, listener: CallListener? = nil
    ) {
        self.server = server
        self.operation = operation
        self.meta = meta
        self.caller = caller
        self.timeout = timeout
        self.listener = listener
    }

    /// A call of a tool.
    package init(
        target: ToolTarget, arguments: ByteBuffer?, meta: ByteBuffer? = nil, caller: Caller, timeout: Duration? = nil,
        listener: CallListener? = nil
    ) {
        self.init(
            server: target.server, .tool(target.tool, arguments: arguments), meta: meta, caller: caller,
            timeout: timeout, listener: listener)
    }

    /// What it is about, under the backend's own name.
    package var target: ToolTarget { ToolTarget(server: server, tool: operation.item) }

    /// The arguments of a tool or prompt as JSON text of an object; nil when there are none.
    package var arguments: ByteBuffer? {
        switch operation {
        case .tool(_, let arguments), .prompt(_, let arguments): arguments
        case .resource, .completion: nil
        }
    }
}

/// Who calls.
package struct Caller: Sendable {
    package enum Source: String, Sendable {
        case mcp
        case rest
    }

    /// The agent's name: from the `X-Stonegate-Agent` header, else what the client calls itself, else `anonymous`.
    package var agent: String
    /// Whether the agent was given the name by whoever configured it, with the header: two that have the same are the same.
    package var isNamed = false
    /// Whether a credential says so.
    package var isAuthenticated = false
    /// Its tenant, by the credential.
    package var tenant: String? { isAuthenticated ? Principal.tenant(ofID: agent) : nil }
    package var source: Source
    /// The session it calls from, where its protocol has sessions or it names one with `X-Stonegate-Session`.
    package var session: InstanceOwner?
    /// Which servers the caller sees.
    package var visibility: Visibility
    /// Called, and waited for, before a backend makes something for the session that a restart of the gateway would lose.
    package var keepsState: (@Sendable () async -> Void)?

    package init(agent: String, source: Source, session: InstanceOwner? = nil, visibility: Visibility = .all) {
        self.agent = agent
        self.source = source
        self.session = session
        self.visibility = visibility
    }

    /// Whose calls are that nobody waits for: the agent can come back in another session.
    package var owner: InstanceOwner { isNamed ? .namedAgent(ExactText(agent)) : .agent(ExactText(agent)) }

    /// The names by which the caller is known: what its session submitted is its own too.
    package var owners: [InstanceOwner] { session.map { [owner, $0] } ?? [owner] }
}

/// A backend's answer to a call.
package struct CallReply: Sendable {
    /// The backend's message; `envelope.result` lists the result's members.
    package let message: WireMessage
    package let server: String
    /// The backend's own name of the tool.
    package let tool: String
    package let duration: Duration
    package let correlationID: String

    package init(message: WireMessage, server: String, tool: String, duration: Duration, correlationID: String) {
        self.message = message
        self.server = server
        self.tool = tool
        self.duration = duration
        self.correlationID = correlationID
    }

    /// The result as JSON text, exactly as the backend wrote it.
    package var result: ByteBuffer {
        message.envelope.result.map { message.slice($0.range) } ?? ByteBuffer(string: "{}")
    }

    package var isError: Bool { message.resultMember("isError")?.isTrue ?? false }
}
