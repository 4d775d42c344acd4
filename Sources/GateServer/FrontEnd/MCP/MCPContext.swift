import GateCore
import GateHTTP
import GateProtocol
import NIOCore

/// Who asks, and in which form the answer has to be.
struct MCPContext: Sendable {
    let version: ProtocolVersion
    /// The session of a legacy request.
    let session: MCPSession?
    /// The same session as long as the gateway runs.
    var live: LiveSession?
    let agent: String
    let scope: Visibility
    /// What the agent can be asked, as its session or its request says.
    var capabilities: ClientCapabilities = []
    /// Log messages at or above it are passed on; nil for none.
    var logLevel: LogLevel?
    /// What the caller allows a call to take; nil leaves it to the backend's limit.
    var timeout: Duration?
    /// The agent's own name for the call.
    var key: String?
    /// The header of the request: it may repeat arguments and carry a trace.
    var headers: HTTPRequestFields?

    var era: ProtocolEra { version.era }

    /// The first header field that does not say what a call's arguments say.
    func mismatch(_ services: any GatewayServices, _ target: ToolTarget, _ arguments: ByteBuffer?) -> String? {
        guard era == .modern, let headers, !MCPContext.comesFromPipe(headers) else { return nil }
        return services.headerMismatch(target, arguments: arguments) { name in
            guard let value = headers.bytes(of: name) else { return nil }
            // What cannot be decoded says nothing that an argument could.
            return HeaderValue.decode(value).map { String(decoding: $0, as: UTF8.self) } ?? "\u{0}"
        }
    }

    /// The stdio bridge of `stonegate mcp` says so: on a pipe there are no header fields that could repeat anything.
    private static func comesFromPipe(_ headers: HTTPRequestFields) -> Bool {
        headers.bytes(of: "X-Stonegate-Transport")?.elementsEqual("stdio".utf8) ?? false
    }

    func caller(_ services: any GatewayServices) -> Caller {
        let named = session == nil && services.usesSessions ? headers.flatMap { SessionName.owner($0) } : nil
        var caller = Caller(
            agent: agent, source: .mcp, session: session.map { .session(high: $0.id.high, low: $0.id.low) } ?? named,
            visibility: scope)
        caller.isNamed = headers.map(AgentName.isGiven) ?? false
        caller.isAuthenticated = headers?.identity != nil
        if let live, services.usesSessions { caller.keepsState = { await live.becomeStateful() } }
        return caller
    }
}
