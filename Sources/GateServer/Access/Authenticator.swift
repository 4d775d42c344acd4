import GateAuth
import GateConfig
import GateCore
import GateHTTP
import GateProtocol
import GateTLS
import NIOCore
import Synchronization

/// Finds out who sends a request, by its credential alone. Judged on the head, before the body is read, with no way around it: what the
/// table of agents and the identity provider do not know is nobody.
struct Authenticator: Sendable {
    enum Verdict: Sendable {
        /// Nobody needs a credential here, and this one has none.
        case open
        case admin
        case agent(Principal)
        case refused(AccessRefusal)
        /// A token of the identity provider, signed with a key that has to be asked for first.
        case undecided
    }

    let admin: AdminToken
    let table: AccessTable
    private let words: RefusalWords

    init(admin: AdminToken, table: AccessTable) {
        self.admin = admin
        self.table = table
        words = RefusalWords(resource: table.oauth?.resource)
    }

    /// Judges at once; what the provider must be asked for is undecided.
    ///
    /// - Parameter certificate: what the client has shown on its connection. A token in the request counts more.
    func judge(_ head: HTTPHead, address: String, certificate: CertificateFacts? = nil) -> Verdict {
        let fields = head.headers.count(of: "Authorization")
        let isRequired = table.isRequired
        guard fields > 0 else {
            guard isRequired else { return .open }
            guard let certificate else { return .refused(words.missing) }
            return table.principal(certificate: certificate).map { .agent($0) } ?? .refused(words.unknown(certificate))
        }
        guard fields == 1, let value = head.headers.bytes(of: "Authorization") else {
            return .refused(words.unauthenticated("Send one Authorization field."))
        }
        if admin.matches(authorization: value) { return .admin }
        // Clients send credentials that were meant for others to wherever nobody asks for any.
        guard isRequired else { return .open }
        if let wait = table.wait(address) { return .refused(words.tooMany(wait)) }
        guard let token = Authenticator.bearer(value) else {
            table.failed(address)
            return .refused(words.unauthenticated("Send the token as `Authorization: Bearer …`."))
        }
        switch table.judge(token: token, now: WallClock.milliseconds() / 1_000) {
        case .principal(let principal): return .agent(principal)
        case .undecided: return .undecided
        case .nobody:
            table.failed(address)
            return .refused(
                words.unauthenticated(
                    AgentToken.id(token) == nil
                        ? "This is no token of stonegate, or it is cut off."
                        : "This token is not valid, or not any longer."))
        case .refused(let fault, let pause):
            table.failed(address)
            return .refused(words.refused(fault, retryAfter: pause))
        case .unavailable(let pause): return .refused(words.unavailable(pause))
        case .insufficientScope(let missing): return .refused(words.insufficientScope(missing))
        case .unmapped(let why): return .refused(words.unmapped(why))
        }
    }

    /// Judges, and asks the provider for its keys where that decides.
    func decide(_ head: HTTPHead, address: String, certificate: CertificateFacts? = nil) async -> Verdict {
        for _ in 0..<2 {
            let verdict = judge(head, address: address, certificate: certificate)
            guard case .undecided = verdict, let oauth = table.oauth else { return verdict }
            _ = await oauth.keys.search()
        }
        let verdict = judge(head, address: address, certificate: certificate)
        // Whoever is still undecided had two answers of the provider.
        if case .undecided = verdict { return .refused(words.unavailable(.seconds(1))) }
        return verdict
    }

    private static func bearer(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard value.count > 7, value.prefix(7).map({ $0 | 0x20 }).elementsEqual("bearer ".utf8) else { return nil }
        return value.dropFirst(7)
    }
}

extension AccessTable {
    func wait(_ address: String) -> Duration? { state.withLock { $0.failures.wait(address, now: .now) } }
    func failed(_ address: String) { state.withLock { $0.failures.failed(address, now: .now) } }
}
