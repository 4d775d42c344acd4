import GateCore
import GateCrypto
package import GateLicense
import GateProtocol
import Synchronization

/// A license authority that says what a test wants, signed as a real one signs.
package final class ScriptedAuthority: Sendable {
    package static let license = "lic_1"

    private struct State {
        var now: @Sendable () -> Int
        var seq = 0
        var renews = true
        var order: LicenseCommand?
        var refusal: AuthorityRefusal?
        var instance = ""
        /// Bodies that came, by path.
        var asked: [(path: String, body: String)] = []
        var replies: [[UInt8]] = []
    }

    package let pair: SigningKeyPair
    /// One that every instance of this kit takes.
    package let key: LicenseKey
    private let state: Mutex<State>

    /// - Parameter now: seconds since 1970, by the authority's clock.
    package init(seed: UInt8 = 9, now: @escaping @Sendable () -> Int) throws {
        guard let signing = SigningKey(seed: [UInt8](repeating: seed, count: 32)) else { throw TestKitError("no key") }
        pair = SigningKeyPair(signing)
        var random = SeededGenerator(seed: UInt64(seed))
        key = LicenseKey(using: &random)
        state = Mutex(State(now: now))
    }

    /// As it stands in `trusted_keys`.
    package var trusted: String { pair.verification.licenseText }
    package var asked: [(path: String, body: String)] { state.withLock { $0.asked } }
    /// The answers that it gave, byte for byte.
    package var replies: [[UInt8]] { state.withLock { $0.replies } }

    /// Whether heartbeats bring entitlements.
    package func renew(_ renews: Bool) { state.withLock { $0.renews = renews } }

    package func refuse(_ refusal: AuthorityRefusal?) { state.withLock { $0.refusal = refusal } }

    /// Gives an order with the next heartbeats, until there is another.
    package func order(_ kind: LicenseCommand.Kind, _ id: String, effectiveIn seconds: Int = 259_200) {
        state.withLock { state in
            let now = state.now()
            state.order = LicenseCommand(
                kind: kind, id: id, reasonCode: "test", effectiveAt: now + seconds, notAfter: now + 86_400, seq: 0)
            state.renews = kind == .restore
        }
    }

    /// Answers one request: the status and the body.
    package func answer(_ path: String, _ body: [UInt8]) -> (status: Int, body: [UInt8]) {
        state.withLock { state in
            state.asked.append((path, String(decoding: body, as: UTF8.self)))
            if let refusal = state.refusal { return (403, refusal.bytes) }
            do {
                let envelope = try reply(path, body, &state)
                let bytes = Delivery(message: envelope).bytes
                state.replies.append(bytes)
                return (200, bytes)
            } catch {
                return (400, AuthorityRefusal(.badRequest, "\(error)").bytes)
            }
        }
    }

    /// The same over HTTP.
    package func serve(port: UInt16 = 0) throws -> ScriptedServer {
        try ScriptedServer(port: port) { request in
            let (status, body) = self.answer(request.path, Array(request.body.utf8))
            return .reply(status, String(decoding: body, as: UTF8.self))
        }
    }

    private func reply(_ path: String, _ body: [UInt8], _ state: inout State) throws -> SignedEnvelope {
        let now = state.now()
        switch path {
        case "/v1/activate":
            let request = try ActivationRequest(bytes: body)
            guard request.key == key else { throw TestKitError("another key") }
            state.instance = request.instanceID
            let entitlement = try entitlement(&state, now)
            return try pair.seal(
                ActivationReply(
                    kid: pair.kid, nonce: request.nonce, licenseID: Self.license, instanceID: request.instanceID,
                    serverTime: now, seq: state.seq, entitlement: entitlement))
        case "/v1/heartbeat":
            let request = try HeartbeatRequest(bytes: body)
            state.instance = request.instanceID
            let entitlement = state.renews ? try entitlement(&state, now) : nil
            state.seq += 1
            state.order?.seq = state.seq
            return try pair.seal(
                HeartbeatReply(
                    kid: pair.kid, nonce: request.nonce, licenseID: request.licenseID, instanceID: request.instanceID,
                    serverTime: now, seq: state.seq, entitlement: entitlement, command: state.order))
        case "/v1/deactivate":
            let request = try DeactivationRequest(bytes: body)
            state.seq += 1
            return try pair.seal(
                DeactivationReply(
                    kid: pair.kid, nonce: request.nonce, licenseID: request.licenseID, instanceID: request.instanceID,
                    serverTime: now, seq: state.seq))
        default: throw TestKitError("no path \(path)")
        }
    }

    private func entitlement(_ state: inout State, _ now: Int) throws -> SignedEnvelope {
        state.seq += 1
        return try pair.seal(
            Entitlement(
                kid: pair.kid, licenseID: Self.license, instanceID: state.instance, tier: .enterprise, issuedAt: now,
                notAfter: now + 30 * 86_400, graceDays: 14, seq: state.seq))
    }
}
