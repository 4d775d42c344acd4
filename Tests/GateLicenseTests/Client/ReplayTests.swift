import GateTestKit
import Testing

@testable import GateLicense

/// Answers that were good once, for others, or for another question (LT-2).
struct ReplayTests {
    private let rig: LicenseRig
    private let request = HeartbeatRequest(
        licenseID: "lic_1", instanceID: "inst_1", nonce: LicenseRig.nonce(1), version: "1")

    init() throws { rig = try LicenseRig() }

    private func beat(
        _ request: HeartbeatRequest? = nil, ring: KeyRing? = nil, _ reply: (inout HeartbeatReply) throws -> Void
    ) async throws -> Result<LicenseClient.Beat, LicenseFailure> {
        var made = try rig.reply()
        try reply(&made)
        let signer = [rig.first, rig.second, rig.stranger].first { $0.kid == made.kid } ?? rig.first
        let bytes = Delivery(message: try signer.seal(made)).bytes
        let client = LicenseClient(
            server: "https://x", version: "1", transport: LicenseTransport { _, _ in .init(status: 200, body: bytes) })
        do throws(LicenseFailure) {
            return .success(
                try await client.heartbeat(
                    request ?? self.request,
                    ring: ring ?? KeyRing(pinned: [[rig.first.verification, rig.second.verification]])))
        } catch {
            return .failure(error)
        }
    }

    @Test func theRightAnswerIsTaken() async throws {
        let beat = try await beat { _ in }.get()
        #expect(beat.reply.seq == 8 && beat.reply.terms?.seq == 7 && beat.nonce == request.nonce)
        #expect(beat.envelope != nil)
    }

    @Test func whatIsForAnotherIsNot() async throws {
        var later = request
        later.nonce = LicenseRig.nonce(2)
        // Yesterday's answer, to today's question.
        let old = try await beat(later) { _ in }
        let instance = try await beat { $0.instanceID = "inst_2" }
        let license = try await beat { $0.licenseID = "lic_2" }
        let other = try await beat {
            $0.nonce = LicenseRig.nonce(3)
            $0.command = LicenseCommand(
                kind: .die, id: "d", reasonCode: "x", effectiveAt: LicenseRig.now, notAfter: LicenseRig.now + 60, seq: 8
            )
        }
        let stranger = try await beat { $0.kid = rig.stranger.kid }
        let copied = try await beat { reply in
            var entitlement = rig.entitlement()
            entitlement.instanceID = "inst_2"
            reply.entitlement = try rig.first.seal(entitlement)
        }
        for (name, result) in [
            ("old", old), ("instance", instance), ("license", license), ("other", other), ("stranger", stranger),
            ("copied", copied),
        ] {
            guard case .failure(let error) = result else {
                Issue.record("\(name) was taken")
                continue
            }
            #expect(error.isSuspicious, "\(name): \(error.words)")
        }
    }

    @Test func withoutKeysNobodyIsAsked() async throws {
        let result = try await beat(ring: KeyRing(pinned: [[], []])) { _ in }
        #expect(result == .failure(.noKeys))
    }

    // MARK: Keys

    @Test func aMessageOfTheNextKeyEndsTheOneBefore() async throws {
        let pinned = [[rig.stranger.verification], [rig.first.verification, rig.second.verification]]
        let ring = KeyRing(pinned: pinned)
        let next = try await beat(ring: ring) {
            $0.kid = rig.second.kid; $0.entitlement = nil
        }.get().ring
        #expect(try await beat(ring: next) { _ in }.isFailure)
        // Kept and made again it is the same; and another authority has nothing to do with it.
        let kept = KeyRing(pinned: pinned, rotations: next.rotations, used: next.used)
        #expect(kept == next)
        #expect(
            try await !beat(ring: kept) {
                $0.kid = rig.stranger.kid; $0.entitlement = nil
            }.isFailure)
        #expect(try await beat(ring: kept) { _ in }.isFailure)
    }

    @Test func rotationsAreRememberedInTheirOrder() throws {
        let made = try (10...12).map { try LicenseRig.pair($0) }
        let rotation = try rig.first.seal(
            KeyRotation(
                kid: rig.first.kid, active: made[0].verification, next: made[1].verification, issuedAt: LicenseRig.now))
        let second = try made[0].seal(
            KeyRotation(
                kid: made[0].kid, active: made[1].verification, next: made[2].verification, issuedAt: LicenseRig.now))
        let ring = KeyRing(pinned: [[rig.first.verification]])
        var reply = try rig.reply(made[1])
        reply.entitlement = nil
        let delivery = Delivery(message: try made[1].seal(reply), rotations: [rotation, second])
        let later = try ring.open(delivery, as: HeartbeatReply.self).ring
        #expect(later.rotations == [rotation, second])
        #expect(KeyRing(pinned: [[rig.first.verification]], rotations: later.rotations, used: later.used) == later)
        // Never backwards.
        let old = try rig.first.seal(rig.reply())
        #expect(throws: WireError.untrustedKey(rig.first.kid)) {
            _ = try later.open(Delivery(message: old, rotations: [rotation]), as: HeartbeatReply.self)
        }
    }

    @Test func theBuiltInKeysAreReadStrictly() {
        #expect(BuiltInKeys.all.isEmpty)
        let text = "# a remark\n\n \(rig.first.verification.licenseText) # mine\r\ned25519:00\nnonsense\n"
        #expect(BuiltInKeys.parse(Array(text.utf8)) == [rig.first.verification])
    }

    @Test func telemetryIsRounded() {
        #expect([0, 7, 99, 100, 123, 98_765, -3].map(Telemetry.rounded) == [0, 7, 99, 100, 120, 98_000, 0])
        #expect(
            Telemetry(uptimeSeconds: 7_300, backends: 3, calls: 1_234).counters(tier: 2)
                == ["tier": 2, "uptime_hours": 2, "backends": 3, "calls": 1_200])
    }
}

extension Result {
    fileprivate var isFailure: Bool { if case .failure = self { true } else { false } }
}
