import GateBackend
import GateProtocol
import NIOCore
import NIOHTTP1

/// Text that never changes, made once.
enum MCPText {
    static let serverInfo = "{\"name\":\"stonegate\",\"version\":\"\(StonegateVersion.current)\"}"
    /// The member of a modern result that names the gateway.
    static let serverMeta = "\"_meta\":{\"\(MCPMeta.serverInfo)\":\(serverInfo)}"

    static let instructions = """
        stonegate is a gateway in front of several MCP servers. Their tools, prompts and resources are listed here under their own names. \
        gate_discover finds tools by what you want to do, gate_call calls any tool by server and name, also one that \
        appeared after the list was read, and gate_status tells which servers are up. A failed result that begins with \
        a code such as CIRCUIT_OPEN or TIMEOUT comes from the gateway and says what to do next.
        """

    static let jsonHeaders: HTTPHeaders = ["Content-Type": "application/json"]
    static let eventStreamHeaders: HTTPHeaders = [
        "Content-Type": "text/event-stream", "Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no",
    ]
    static let keepAlive = ByteBuffer(string: ": keep-alive\n\n")
    static let toolsChanged = EventText.message([
        ByteBuffer(string: "{\"jsonrpc\":\"2.0\",\"method\":\"\(MCPMethod.toolsChanged)\"}")
    ])
}
