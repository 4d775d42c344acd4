import GateCore
import GateCrypto
import GateLicense
import GateProtocol
import GateTestKit
import GRDB
import Testing

@testable import GateAuthority

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@Suite struct AuthorityTests {
    private let day = 86_400

    @Test func anActivationGrantsAnEntitlement() async throws {
        let rig = try AuthorityRig()
        let (license, key) = try rig.issue(.enterprise, seats: 1)
        let (reply, entitlement) = try await rig.activate(key, "one")
        #expect(reply.licenseID == license.id)
        #expect(reply.serverTime == rig.now)
        #expect(entitlement.tier == .enterprise)
        #expect(entitlement.issuedAt == rig.now)
        #expect(entitlement.notAfter == rig.now + 30 * day)
        #expect(entitlement.graceDays == 14)
        #expect(entitlement.seq == reply.seq)
    }

    @Test func limitsAndEndsOfALicenseAreInItsEntitlement() async throws {
        let rig = try AuthorityRig()
        let terms = Authority.Terms(
            tier: .pro, seats: 1, limits: LicenseLimits(backends: 10, agents: 5), expiresAt: rig.now + 10 * day)
        let (license, key) = try rig.authority.issue(terms, now: rig.now, using: &rig.random)
        let (_, entitlement) = try await rig.activate(key, "one")
        #expect(entitlement.limits == LicenseLimits(backends: 10, agents: 5))
        #expect(entitlement.notAfter == rig.now + 10 * day)
        rig.now += 10 * day
        #expect(try await rig.refusal { _ = try await rig.activate(key, "one") } == .licenseExpired)
        // It is answered, and granted nothing.
        #expect(try await rig.heartbeat(license.id, "one").entitlement == nil)
    }

    @Test func keysThatWereNotIssuedAreRefused() async throws {
        let rig = try AuthorityRig()
        _ = try rig.issue()
        let other = LicenseKey(using: &rig.random)
        #expect(try await rig.refusal { _ = try await rig.activate(other, "one") } == .licenseUnknown)
    }

    @Test func seatsAreCounted() async throws {
        let rig = try AuthorityRig()
        let (license, key) = try rig.issue(seats: 2)
        let first = try await rig.activate(key, "one").0
        _ = try await rig.activate(key, "two")
        #expect(try await rig.refusal { _ = try await rig.activate(key, "three") } == .seatsTaken)
        // The same instance again takes no other seat, and what it gets is newer.
        rig.now += 60
        let again = try await rig.activate(key, "one").0
        #expect(again.seq > first.seq)
        #expect(try rig.authority.licenses().first?.seats.map(\.instanceID) == ["one", "two"])
        _ = try await rig.deactivate(license.id, "one")
        #expect(try await rig.refusal { _ = try await rig.heartbeat(license.id, "one") } == .instanceUnknown)
        #expect(try await rig.refusal { _ = try await rig.deactivate(license.id, "one") } == .instanceUnknown)
        _ = try await rig.activate(key, "three")
        #expect(try rig.authority.licenses().first?.seats.map(\.instanceID) == ["two", "three"])
        _ = try rig.authority.release(.id(license.id), instance: "two", now: rig.now)
        _ = try await rig.activate(key, "four")
        #expect(throws: AuthorityError.self) {
            try rig.authority.release(.id(license.id), instance: "two", now: rig.now)
        }
    }

    @Test func manyAtOnceGetNoMoreSeatsThanThereAre() async throws {
        let rig = try AuthorityRig()
        let (_, key) = try rig.issue(seats: 5)
        let authority = rig.authority
        let requests = (0..<40).map { index in
            ActivationRequest(key: key, instanceID: "i\(index)", nonce: Nonce(using: &rig.random), version: "1")
        }
        let granted = await withTaskGroup(of: Bool.self) { group in
            for request in requests {
                group.addTask { (try? await authority.activate(request, now: AuthorityRig.start)) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(granted == 5)
        #expect(try authority.licenses().first?.seats.count == 5)
    }

    @Test func aRevocationIsToldUntilItIsUndone() async throws {
        let rig = try AuthorityRig()
        let (license, key) = try rig.issue(seats: 3)
        _ = try await rig.activate(key, "one")
        #expect(try await rig.heartbeat(license.id, "one").command == nil)
        rig.now += 60
        let end = rig.now + 3 * day
        _ = try rig.authority.revoke(
            .key(key), reasonCode: "CHARGEBACK", effectiveAt: end, now: rig.now, using: &rig.random)
        rig.now += 60
        let told = try await rig.heartbeat(license.id, "one")
        let die = try #require(told.command)
        #expect(told.entitlement == nil)
        #expect(die.kind == .die)
        #expect(die.reasonCode == "CHARGEBACK")
        #expect(die.effectiveAt == end)
        #expect(die.seq == told.seq)
        #expect(die.isCurrent(at: rig.now))
        #expect(die.notAfter == rig.now + day)
        // Told again it is the same order, with a number and an end of its own.
        rig.now += day
        let again = try await rig.heartbeat(license.id, "one").command
        #expect(again?.id == die.id)
        #expect(again?.effectiveAt == end)
        #expect(again?.isCurrent(at: rig.now) == true)
        #expect((again?.seq ?? 0) > die.seq)
        #expect(try await rig.refusal { _ = try await rig.activate(key, "two") } == .licenseRevoked)
        #expect(throws: AuthorityError.self) {
            try rig.authority.revoke(
                .id(license.id), reasonCode: "AGAIN", effectiveAt: end, now: rig.now, using: &rig.random)
        }

        rig.now += 60
        _ = try rig.authority.restore(.id(license.id), reasonCode: "PAID", now: rig.now, using: &rig.random)
        let restored = try await rig.heartbeat(license.id, "one")
        #expect(restored.command?.kind == .restore)
        #expect(restored.command?.id != die.id)
        let entitlement: Entitlement = try rig.trusted.open(try #require(restored.entitlement))
        #expect(entitlement.tier == .pro)
        // Who comes later has nothing to undo.
        rig.now += 60
        _ = try await rig.activate(key, "two")
        #expect(try await rig.heartbeat(license.id, "two").command == nil)
        #expect(throws: AuthorityError.self) {
            try rig.authority.restore(.id(license.id), reasonCode: "X", now: rig.now, using: &rig.random)
        }
    }

    @Test func everythingSignedForALicenseHasAHigherNumber() async throws {
        let rig = try AuthorityRig()
        let (license, key) = try rig.issue()
        var numbers = [try await rig.activate(key, "one").0.seq]
        numbers.append(try await rig.heartbeat(license.id, "one").seq)
        numbers.append(try await rig.activate(key, "two").0.seq)
        numbers.append(try await rig.deactivate(license.id, "one").seq)
        // Also for an instance that comes back, and after a restart.
        rig.authority.close()
        let restarted = try Authority(at: rig.path)
        let request = ActivationRequest(key: key, instanceID: "one", nonce: Nonce(using: &rig.random), version: "1")
        let reply: ActivationReply = try rig.trusted.open(try await restarted.activate(request, now: rig.now).message)
        numbers.append(reply.seq)
        #expect(numbers == [1, 2, 3, 4, 5])
    }

    @Test func heartbeatsAreRemembered() async throws {
        let rig = try AuthorityRig()
        let (license, key) = try rig.issue()
        _ = try await rig.activate(key, "one")
        rig.now += 500
        _ = try await rig.heartbeat(license.id, "one", counters: ["backends": 3])
        let seat = try #require(try rig.authority.licenses().first?.seats.first)
        #expect(seat.activatedAt == AuthorityRig.start)
        #expect(seat.seenAt == rig.now)
        #expect(seat.version == "1.0.1")
        #expect(seat.counters == ["backends": 3])
    }

    @Test func aRotationCountsAtOnceAndGatewaysFollow() async throws {
        let rig = try AuthorityRig()
        let (license, key) = try rig.issue()
        _ = try await rig.activate(key, "one")
        let before = rig.trusted
        // By another process, while the server runs.
        let operating = try Authority(at: rig.path)
        let lines = try operating.rotate(now: rig.now, using: &rig.random)
        #expect(lines[0] == before.keys[1].licenseText)
        #expect(try rig.authority.trustedKeys() == lines)
        let reply = try await rig.heartbeat(license.id, "one")
        #expect(reply.kid == KeyID(of: before.keys[1]))
        let pinned = try AuthorityRig.pinned(operating)
        #expect(rig.trusted.keys == pinned.keys)
        #expect(rig.trusted.retired == [before.keys[0]])
        // Twice more, and one that knows only the first key still finds the way.
        _ = try operating.rotate(now: rig.now, using: &rig.random)
        _ = try operating.rotate(now: rig.now, using: &rig.random)
        rig.trusted = before
        #expect(try await rig.heartbeat(license.id, "one").licenseID == license.id)
        #expect(rig.trusted.retired.count == 3)
    }

    @Test func theJournalTellsAllAndOnlyGrows() async throws {
        let rig = try AuthorityRig()
        let (license, key) = try rig.issue()
        _ = try await rig.activate(key, "one")
        _ = try await rig.activate(key, "one")
        _ = try await rig.deactivate(license.id, "one")
        _ = try rig.authority.revoke(
            .id(license.id), reasonCode: "R", effectiveAt: rig.now, now: rig.now, using: &rig.random)
        _ = try rig.authority.restore(.id(license.id), reasonCode: "R", now: rig.now, using: &rig.random)
        _ = try rig.authority.rotate(now: rig.now, using: &rig.random)
        let entries = try rig.authority.journal(limit: 100)
        #expect(
            entries.map(\.event) == ["init", "issue", "activate", "deactivate", "revoke", "restore", "rotate"])
        #expect(entries.map(\.number) == Array(1...7))
        #expect(entries[2].instanceID == "one")
        #expect(try rig.authority.journal(limit: 2).map(\.event) == ["restore", "rotate"])
        for sql in ["UPDATE journal SET event = 'x'", "DELETE FROM journal"] {
            #expect(throws: (any Error).self) { try rig.authority.database.write { try $0.execute(sql: sql) } }
        }
        #expect(try rig.authority.journal(limit: 100) == entries)
    }

    @Test func neitherKeysNorSecretsAreInTheDatabase() async throws {
        let rig = try AuthorityRig()
        let (_, key) = try rig.issue()
        _ = try await rig.activate(key, "one")
        let secrets = try #require(FileManager.default.contents(atPath: rig.path + "/keys.json"))
        let seeds = try JSONValue(parsing: Array(secrets))
        rig.authority.close()
        for name in try FileManager.default.contentsOfDirectory(atPath: rig.path) where name != "keys.json" {
            let bytes = try #require(FileManager.default.contents(atPath: rig.path + "/" + name))
            for secret in [key.exposed, seeds["active"]?.stringValue ?? "", seeds["next"]?.stringValue ?? ""] {
                #expect(!secret.isEmpty)
                #expect(bytes.firstRange(of: Data(secret.utf8)) == nil, "\(name)")
            }
        }
    }
}
