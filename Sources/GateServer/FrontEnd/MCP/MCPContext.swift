import GateProtocol

/// Who asks, and in which form the answer has to be.
struct MCPContext: Sendable {
    let version: ProtocolVersion
    /// The session of a legacy request.
    let session: MCPSession?
    let agent: String
    let scope: Visibility
    /// What the caller allows a call to take; nil leaves it to the backend's limit.
    let timeout: Duration?

    var era: ProtocolEra { version.era }
    var caller: Caller { Caller(agent: agent, source: .mcp, visibility: scope) }
}
