import GateProtocol

/// What the id of a legacy session says, signed: enough to go on after a restart of the gateway.
package struct MCPSession: Sendable, Equatable {
    /// Tells sessions apart.
    struct ID: Sendable, Hashable {
        var high: UInt64
        var low: UInt64
    }

    let id: ID
    /// What `initialize` agreed on.
    let version: ProtocolVersion
    /// What the client calls itself, used when a request carries no agent header.
    let agent: String
    /// Whether the agent's name came in the agent header: a request that names another one is not of this session.
    var isBound = false
    /// What the client can be asked.
    var capabilities: ClientCapabilities = []
    /// Seconds since 1970.
    let issued: Int64
    /// The run of the gateway that it began in. One of this run that is not known has ended.
    var run: UInt32 = 0
}
