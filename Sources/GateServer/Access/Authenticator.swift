import GateConfig
import GateCore
import GateHTTP
import GateProtocol
import GateTLS
import NIOCore
import Synchronization

/// Finds out who sends a request, by its credential alone. Judged on the head, before the body is read, with no way around it: what the
/// table of agents does not know is nobody.
struct Authenticator: Sendable {
    enum Verdict: Sendable {
        /// Nobody needs a credential here, and this one has none.
        case open
        case admin
        case agent(Principal)
        case refused(GateError)
    }

    let admin: AdminToken
    let table: AccessTable

    /// - Parameter certificate: what the client has shown on its connection. A token in the request counts more.
    func judge(_ head: HTTPHead, address: String, certificate: CertificateFacts? = nil) -> Verdict {
        let fields = head.headers.count(of: "Authorization")
        let isRequired = table.isRequired
        guard fields > 0 else {
            guard isRequired else { return .open }
            guard let certificate else { return .refused(missing) }
            return table.principal(certificate: certificate).map { .agent($0) } ?? .refused(unknown(certificate))
        }
        guard fields == 1, let value = head.headers.bytes(of: "Authorization") else {
            return .refused(refused("Send one Authorization field."))
        }
        if admin.matches(authorization: value) { return .admin }
        // Clients send credentials that were meant for others to wherever nobody asks for any.
        guard isRequired else { return .open }
        if let wait = table.wait(address) { return .refused(tooMany(wait)) }
        guard let token = Authenticator.bearer(value) else {
            table.failed(address)
            return .refused(refused("Send the token as `Authorization: Bearer …`."))
        }
        if let principal = table.principal(token: token, now: WallClock.milliseconds() / 1_000) {
            return .agent(principal)
        }
        table.failed(address)
        return .refused(
            refused(
                AgentToken.id(token) == nil
                    ? "This is no token of stonegate, or it is cut off."
                    : "This token is not valid, or not any longer."))
    }

    private static func bearer(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard value.count > 7, value.prefix(7).map({ $0 | 0x20 }).elementsEqual("bearer ".utf8) else { return nil }
        return value.dropFirst(7)
    }

    private func unknown(_ certificate: CertificateFacts) -> GateError {
        GateError(
            .unauthenticated,
            "No agent here has your certificate (sha256:\(certificate.fingerprint)), or more than one has. An operator names it in "
                + "the 'certificates' of one agent; or send a token as `Authorization: Bearer …`.", source: .caller)
    }

    private var missing: GateError {
        refused(
            "This gateway needs a credential. Send the token that its operator gave you as `Authorization: Bearer …`.")
    }

    private func refused(_ words: String) -> GateError {
        GateError(
            .unauthenticated, words + " An operator makes one with `stonegate agent add`.", source: .caller)
    }

    private func tooMany(_ wait: Duration) -> GateError {
        GateError(
            .unauthenticated,
            "There were too many wrong credentials from this address. Wait, then try again with the right one.",
            source: .caller, retryAfter: Int(wait.wholeSecondsUp))
    }
}

extension AccessTable {
    func wait(_ address: String) -> Duration? { state.withLock { $0.failures.wait(address, now: .now) } }
    func failed(_ address: String) { state.withLock { $0.failures.failed(address, now: .now) } }
}
