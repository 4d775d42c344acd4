import GateCore
import GateCrypto
import GateLicense
import GateTestKit
import Testing

@testable import GateAuthority

/// An authority in a directory of its own, at a time that the test chooses.
final class AuthorityRig {
    static let start = 1_800_000_000
    let directory: TemporaryDirectory
    let authority: Authority
    var now = AuthorityRig.start
    var random: SeededGenerator
    /// What a gateway knows.
    var trusted: TrustedKeys

    init() throws {
        let directory = try TemporaryDirectory()
        var random = SeededGenerator(seed: 7)
        let authority = try Authority.create(
            at: directory.file("authority"), now: AuthorityRig.start, using: &random)
        self.directory = directory
        self.authority = authority
        self.random = random
        trusted = try AuthorityRig.pinned(authority)
    }

    static func pinned(_ authority: Authority) throws -> TrustedKeys {
        TrustedKeys(try authority.trustedKeys().map { try #require(VerificationKey(licenseText: $0)) })
    }

    var path: String { directory.file("authority") }

    func issue(_ tier: Tier = .pro, seats: Int = 2, days: Int? = nil) throws -> (license: License, key: LicenseKey) {
        try authority.issue(
            Authority.Terms(tier: tier, seats: seats, expiresAt: days.map { now + $0 * 86_400 }, name: "Acme"),
            now: now,
            using: &random)
    }

    func activate(_ key: LicenseKey, _ instance: String) async throws -> (ActivationReply, Entitlement) {
        let request = ActivationRequest(
            key: key, instanceID: instance, nonce: Nonce(using: &random), version: "1.0.0")
        let delivery = try await authority.activate(request, now: now)
        trusted = trusted.applying(delivery.rotations)
        let reply: ActivationReply = try trusted.open(delivery.message)
        try reply.check(answers: request)
        let entitlement: Entitlement = try trusted.open(reply.entitlement)
        try entitlement.check(licenseID: reply.licenseID, instanceID: instance)
        return (reply, entitlement)
    }

    func heartbeat(_ license: String, _ instance: String, counters: [String: Int] = [:]) async throws -> HeartbeatReply
    {
        let request = HeartbeatRequest(
            licenseID: license, instanceID: instance, nonce: Nonce(using: &random), version: "1.0.1",
            counters: counters)
        let delivery = try await authority.heartbeat(request, now: now)
        trusted = trusted.applying(delivery.rotations)
        let reply: HeartbeatReply = try trusted.open(delivery.message)
        try reply.check(answers: request)
        return reply
    }

    func deactivate(_ license: String, _ instance: String) async throws -> DeactivationReply {
        let request = DeactivationRequest(licenseID: license, instanceID: instance, nonce: Nonce(using: &random))
        let reply: DeactivationReply = try trusted.open(try await authority.deactivate(request, now: now).message)
        try reply.check(answers: request)
        return reply
    }

    /// The code of the refusal; nil when there is none.
    func refusal(_ body: () async throws -> Void) async throws -> AuthorityRefusal.Code? {
        do {
            try await body()
            return nil
        } catch let refusal as AuthorityRefusal {
            return refusal.code
        }
    }
}
