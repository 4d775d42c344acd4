package import GateBackend
package import GateCore
import GateProtocol
package import NIOCore

/// One call of a tool, as a front end hands it to the router.
package struct ToolCall: Sendable {
    package var target: ToolTarget
    /// The arguments as JSON text of an object; nil when the caller gave none.
    package var arguments: ByteBuffer?
    /// Members of the caller's `_meta` that are passed on, as JSON text without braces (`"traceparent":"…"`); nil for none.
    package var meta: ByteBuffer?
    package var caller: Caller
    /// Time for the whole call; nil means the backend's own limit, which also bounds it.
    package var timeout: Duration?
    /// Set when the caller asked for progress: gets what happens before the result. Called on any thread, in order.
    package var onEvent: (@Sendable (CallEvent) -> Void)?

    package init(
        target: ToolTarget, arguments: ByteBuffer?, meta: ByteBuffer? = nil, caller: Caller, timeout: Duration? = nil,
        onEvent: (@Sendable (CallEvent) -> Void)? = nil
    ) {
        self.target = target
        self.arguments = arguments
        self.meta = meta
        self.caller = caller
        self.timeout = timeout
        self.onEvent = onEvent
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
    package var source: Source
    /// The session it calls from, where its protocol has sessions or it names one with `X-Stonegate-Session`.
    package var session: InstanceOwner?
    /// Which servers the caller sees.
    package var visibility: Visibility

    package init(agent: String, source: Source, session: InstanceOwner? = nil, visibility: Visibility = .all) {
        self.agent = agent
        self.source = source
        self.session = session
        self.visibility = visibility
    }
}

/// What happens during a call before its result.
package enum CallEvent: Sendable {
    /// Members of a progress notice without the token, as JSON text without braces: `"progress":1,"total":2`.
    case progress(ByteBuffer)
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
