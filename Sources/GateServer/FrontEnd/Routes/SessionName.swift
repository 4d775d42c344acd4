import GateCore
import GateHTTP

/// The session that a caller without one of the protocol's names itself: REST, and MCP from 2026-07-28 on.
enum SessionName {
    static let header = "X-Stonegate-Session"

    static func owner(_ headers: HTTPRequestFields) -> InstanceOwner? {
        guard let name = headers.bytes(of: header).flatMap({ AgentName.bounded($0) }) else { return nil }
        // Two agents may give their sessions the same name. No name holds a line end.
        return .namedSession(ExactText(headers.identity.map { "\($0)\n\(name)" } ?? name))
    }
}
