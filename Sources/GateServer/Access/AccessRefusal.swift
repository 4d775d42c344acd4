import GateAuth
import GateCore
import GateProtocol
import GateTLS

/// Why a request gets no further, and what its sender is told to show.
struct AccessRefusal: Sendable {
    let error: GateError
    /// The value of `WWW-Authenticate`; nil where another credential would not help.
    let challenge: String?
}

/// Wording of refusals.
struct RefusalWords: Sendable {
    /// Where there is an identity provider.
    let resource: ProtectedResource?

    var missing: AccessRefusal {
        unauthenticated(
            "This gateway needs a credential. Send the token that its operator gave you as `Authorization: Bearer …`.",
            .missing)
    }

    func unknown(_ certificate: CertificateFacts) -> AccessRefusal {
        AccessRefusal(
            error: GateError(
                .unauthenticated,
                "No agent here has your certificate (sha256:\(certificate.fingerprint)), or more than one has. An operator names "
                    + "it in the 'certificates' of one agent; or send a token as `Authorization: Bearer …`.",
                source: .caller), challenge: challenge(.missing))
    }

    func unauthenticated(
        _ words: String, _ reason: ProtectedResource.Refusal = .invalid(nil), retryAfter: Int? = nil
    ) -> AccessRefusal {
        let provider = resource.map { " or sign in at \($0.issuer)" } ?? ""
        let error = GateError(
            .unauthenticated, words + " An operator makes one with `stonegate agent add`\(provider).",
            source: .caller, retryAfter: retryAfter)
        return AccessRefusal(error: error, challenge: challenge(reason))
    }

    /// A token of the provider that is not accepted.
    func refused(_ fault: TokenFault, retryAfter: Duration?) -> AccessRefusal {
        let wait = retryAfter.map { Int($0.wholeSecondsUp) }
        let again = wait.map { " If the provider has just changed its keys, try again in \($0) s." } ?? ""
        let issuer = resource?.issuer ?? "the identity provider"
        let error = GateError(
            .unauthenticated, "\(fault.words)\(again) Get a new token of \(issuer).", source: .caller, retryAfter: wait)
        return AccessRefusal(error: error, challenge: challenge(.invalid(fault)))
    }

    func unavailable(_ pause: Duration) -> AccessRefusal {
        AccessRefusal(
            error: GateError(
                .issuerUnavailable,
                "The keys of \(resource?.issuer ?? "the identity provider") cannot be had at present, so no token of it can be "
                    + "verified. The gateway's log says why.", retryAfter: Int(pause.wholeSecondsUp)), challenge: nil)
    }

    func insufficientScope(_ missing: [String]) -> AccessRefusal {
        AccessRefusal(
            error: GateError(
                .insufficientScope,
                "The token does not give \(missing.joined(separator: ", ")). Get one with all of: "
                    + "\(resource?.scopes.joined(separator: " ") ?? "").", source: .caller),
            challenge: challenge(.insufficientScope))
    }

    func unmapped(_ words: String) -> AccessRefusal {
        AccessRefusal(
            error: GateError(
                .accessRefused, "The token is good, but lets nobody in here. \(words)", source: .caller),
            challenge: nil)
    }

    func tooMany(_ wait: Duration) -> AccessRefusal {
        AccessRefusal(
            error: GateError(
                .unauthenticated,
                "There were too many wrong credentials from this address. Wait, then try again with the right one.",
                source: .caller, retryAfter: Int(wait.wholeSecondsUp)), challenge: challenge(.missing))
    }

    private func challenge(_ reason: ProtectedResource.Refusal) -> String {
        resource?.challenge(reason) ?? "Bearer realm=\"stonegate\""
    }
}
