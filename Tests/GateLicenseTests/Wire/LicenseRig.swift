import GateCore
import GateCrypto
import GateProtocol
import GateTestKit
import Testing

@testable import GateLicense

/// Keys and messages of an authority that is only values.
struct LicenseRig {
    static let now = 1_800_000_000
    let first: SigningKeyPair
    let second: SigningKeyPair
    let stranger: SigningKeyPair
    var trusted: TrustedKeys { TrustedKeys([first.verification, second.verification]) }

    init() throws {
        first = try LicenseRig.pair(1)
        second = try LicenseRig.pair(2)
        stranger = try LicenseRig.pair(3)
    }

    static func pair(_ byte: UInt8) throws -> SigningKeyPair {
        SigningKeyPair(try #require(SigningKey(seed: [UInt8](repeating: byte, count: 32))))
    }

    static func nonce(_ seed: UInt64) -> Nonce {
        var random = SeededGenerator(seed: seed)
        return Nonce(using: &random)
    }

    func entitlement(_ pair: SigningKeyPair? = nil) -> Entitlement {
        Entitlement(
            kid: (pair ?? first).kid, licenseID: "lic_1", instanceID: "inst_1", tier: .pro,
            limits: LicenseLimits(backends: 50), issuedAt: LicenseRig.now,
            notAfter: LicenseRig.now + 30 * 86_400, graceDays: 14, seq: 7)
    }

    func reply(_ pair: SigningKeyPair? = nil, command: LicenseCommand? = nil) throws -> HeartbeatReply {
        HeartbeatReply(
            kid: (pair ?? first).kid, nonce: LicenseRig.nonce(1), licenseID: "lic_1", instanceID: "inst_1",
            serverTime: LicenseRig.now, seq: 8, entitlement: try (pair ?? first).seal(entitlement(pair)),
            command: command)
    }
}
