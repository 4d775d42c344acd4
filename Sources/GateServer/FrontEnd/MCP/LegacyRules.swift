import GateHTTP
import GateProtocol

/// What the session revisions demand of a request.
enum LegacyRules {
    static let sessionHeader = "Mcp-Session-Id"
    /// Clients recognise exactly this text and start a new session.
    static let terminated = "Session terminated"

    /// Whether the version header is absent, which stands for 2025-03-26, or names a revision with sessions.
    static func permitsVersion(_ headers: HTTPRequestFields) -> Bool {
        guard let header = headers.bytes(of: ModernRules.versionHeader) else { return true }
        return ProtocolVersion(bytes: header)?.era == .legacy
    }

    /// What `initialize` answers to a client that asks for this version.
    static func negotiated(_ requested: String) -> ProtocolVersion {
        guard let version = ProtocolVersion(bytes: requested.utf8), version.era == .legacy else { return .newestLegacy }
        return version
    }
}
