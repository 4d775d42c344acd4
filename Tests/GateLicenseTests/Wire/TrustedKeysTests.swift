import GateCrypto
import Testing

@testable import GateLicense

/// LT-9: old, new and next key are accepted in order, never backwards.
@Suite struct TrustedKeysTests {
    private let rig: LicenseRig
    private let third: SigningKeyPair
    private let fourth: SigningKeyPair

    init() throws {
        rig = try LicenseRig()
        third = try LicenseRig.pair(4)
        fourth = try LicenseRig.pair(5)
    }

    private func rotation(_ old: SigningKeyPair, _ active: SigningKeyPair, _ next: SigningKeyPair) throws
        -> SignedEnvelope
    {
        try old.seal(
            KeyRotation(
                kid: old.kid, active: active.verification, next: next.verification, issuedAt: LicenseRig.now))
    }

    private func accepts(_ keys: TrustedKeys, _ pair: SigningKeyPair, kept: Bool = false) throws -> Bool {
        let envelope = try pair.seal(rig.entitlement(pair))
        do {
            let opened: Entitlement = try keys.open(envelope, kept: kept)
            return opened == rig.entitlement(pair)
        } catch {
            #expect(error == .untrustedKey(pair.kid))
            return false
        }
    }

    @Test func activeAndNextCountAtOnce() throws {
        #expect(try accepts(rig.trusted, rig.first))
        #expect(try accepts(rig.trusted, rig.second))
        #expect(try !accepts(rig.trusted, third))
    }

    @Test func aRotationEndsTheOldKey() throws {
        let rotated = rig.trusted.applying([try rotation(rig.first, rig.second, third)])
        #expect(rotated.keys == [rig.second.verification, third.verification])
        #expect(try !accepts(rotated, rig.first))
        #expect(try accepts(rotated, rig.second))
        #expect(try accepts(rotated, third))
        // What was stored before can still be read; that is all.
        #expect(try accepts(rotated, rig.first, kept: true))
    }

    @Test func rotationsFormAChain() throws {
        let chain = [try rotation(rig.first, rig.second, third), try rotation(rig.second, third, fourth)]
        let rotated = TrustedKeys([rig.first.verification]).applying(chain)
        #expect(rotated.keys == [third.verification, fourth.verification])
        #expect(rotated.retired == [rig.first.verification, rig.second.verification])
        // Again, or in the wrong order, it is no step back.
        #expect(rotated.applying(chain) == rotated)
        #expect(rotated.applying(chain.reversed()) == rotated)
    }

    @Test func neverBackwards() throws {
        let rotated = rig.trusted.applying([try rotation(rig.first, rig.second, third)])
        // The stolen old key appoints its own successor; the new one goes back to the old.
        #expect(rotated.applying([try rotation(rig.first, rig.stranger, fourth)]) == rotated)
        #expect(rotated.applying([try rotation(rig.second, rig.first, fourth)]) == rotated)
        #expect(rotated.applying([try rotation(rig.second, third, rig.first)]) == rotated)
        #expect(rotated.applying([try rotation(rig.second, rig.second, third)]) == rotated)
    }

    @Test func strangersCannotRotate() throws {
        #expect(rig.trusted.applying([try rotation(rig.stranger, third, fourth)]) == rig.trusted)
        let forged = try rotation(rig.stranger, third, fourth)
        let renamed = SignedEnvelope(payload: forged.payload, kid: rig.first.kid, signature: forged.signature)
        #expect(rig.trusted.applying([renamed]) == rig.trusted)
        // A good signature of another kind is no rotation.
        #expect(rig.trusted.applying([try rig.first.seal(rig.entitlement())]) == rig.trusted)
    }

    @Test func theNextKeyTakesOverWithoutAWord() throws {
        let advanced = rig.trusted.advanced(to: rig.second.kid)
        #expect(advanced.keys == [rig.second.verification])
        #expect(try !accepts(advanced, rig.first))
        #expect(advanced.advanced(to: rig.first.kid) == advanced)
        #expect(rig.trusted.advanced(to: rig.first.kid) == rig.trusted)
    }

    @Test func theListsAreBounded() throws {
        let many = try (UInt8(10)..<60).map { try LicenseRig.pair($0) }
        #expect(TrustedKeys(many.map(\.verification)).keys.count == TrustedKeys.maximum)
        #expect(TrustedKeys([rig.first.verification, rig.first.verification]).keys.count == 1)
        var keys = TrustedKeys([many[0].verification])
        for index in 0..<48 { keys = keys.applying([try rotation(many[index], many[index + 1], many[index + 2])]) }
        #expect(keys.keys == [many[48].verification, many[49].verification])
        #expect(keys.retired.count == 48)
    }

    @Test func linesOfTheConfiguration() throws {
        let line = rig.first.verification.licenseText
        #expect(line.hasPrefix("ed25519:"))
        #expect(VerificationKey(licenseText: line) == rig.first.verification)
        for bad in ["", "ed25519:", "ED25519:" + line.dropFirst(8), line + "0", String(line.dropLast()), "rsa:00"] {
            #expect(VerificationKey(licenseText: bad) == nil)
        }
    }
}
