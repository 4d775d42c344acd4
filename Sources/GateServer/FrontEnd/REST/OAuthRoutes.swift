import GateAuth
import GateProtocol

/// What OAuth clients are told of the gateway. They ask before they have a token.
struct OAuthRoutes: Sendable {
    let services: any GatewayServices

    /// The addresses of RFC 9728: that of the MCP endpoint, and the plain one that clients try next.
    static let paths = [ProtectedResource.wellKnown, ProtectedResource.wellKnown + "/mcp"]

    func metadata(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        guard let oauth = services.access.oauth else {
            throw GateError(
                .notFound,
                "This gateway takes tokens of no identity provider: there is no [oauth] in its configuration.",
                source: .caller)
        }
        return RESTReply(oauth.resource.json)
    }
}
