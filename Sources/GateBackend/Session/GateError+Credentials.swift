import GateCore
import GateProtocol

extension GateError {
    /// - Parameter reason: a clause.
    static func credentialsUnavailable(
        _ server: String, _ reason: String, retryAfter: Duration?, sent: Bool = false
    ) -> GateError {
        GateError(
            .credentialsUnavailable,
            "Server '\(server)' needs an access token, and \(reason). "
                + (sent
                    ? "Whether the call took effect is unknown."
                    : "The call was not sent; check this backend's `oauth`, or try again later."),
            source: .gateway, server: server, sent: sent, retryAfter: retryAfter.map { Int($0.wholeSecondsUp) })
    }
}
