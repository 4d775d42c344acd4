import GateProtocol

/// All that a legacy session is: its id carries it, signed, so that the gateway keeps nothing and a restart ends nothing.
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
    /// What the client can be asked.
    var capabilities: ClientCapabilities = []
    /// Seconds since 1970.
    let issued: Int64
}
