import GateCore
import GateLicense
import GateProtocol
import GateTestKit
import Testing

/// The license authority in the real program: its commands change what the running server answers, at once.
@Suite(.serialized) struct AuthorityCommandTests {
    private let home: TemporaryDirectory

    init() async throws {
        home = try TemporaryDirectory()
        let run = try await AuthorityProcess.run(home, ["init"])
        #expect(run.exit == .code(0))
        #expect(run.output.hasPrefix("trusted_keys = [\"ed25519:"))
        #expect(run.output.split(separator: "\n").count == 1)
    }

    private func activate(
        _ authority: AuthorityProcess, _ key: LicenseKey, _ instance: String, _ trusted: TrustedKeys
    ) async throws -> ActivationReply {
        var random = SystemRandomNumberGenerator()
        let request = ActivationRequest(key: key, instanceID: instance, nonce: Nonce(using: &random), version: "1")
        let reply = try await authority.post("/v1/activate", request)
        #expect(reply.status == 200, "\(reply.text)")
        let delivery = try Delivery(bytes: reply.body)
        let message: ActivationReply = try trusted.applying(delivery.rotations).open(delivery.message)
        try message.check(answers: request)
        return message
    }

    private func heartbeat(
        _ authority: AuthorityProcess, _ license: String, _ instance: String, _ trusted: TrustedKeys
    ) async throws -> HeartbeatReply {
        var random = SystemRandomNumberGenerator()
        let request = HeartbeatRequest(
            licenseID: license, instanceID: instance, nonce: Nonce(using: &random), version: "1",
            counters: ["backends": 2])
        let reply = try await authority.post("/v1/heartbeat", request)
        #expect(reply.status == 200, "\(reply.text)")
        let delivery = try Delivery(bytes: reply.body)
        let message: HeartbeatReply = try trusted.applying(delivery.rotations).open(delivery.message)
        try message.check(answers: request)
        return message
    }

    @Test func aLicenseFromIssueToRestore() async throws {
        let authority = try await AuthorityProcess.start(home)
        let trusted = try await authority.trusted()
        let issued = try await authority.json(
            ["issue", "--tier", "enterprise", "--seats", "2", "--days", "365", "--name", "Acme", "--backends", "50"])
        let id = try #require(issued["license_id"]?.stringValue)
        let key = try LicenseKey(try #require(issued["key"]?.stringValue))

        let activated = try await activate(authority, key, "gate-1", trusted)
        let entitlement: Entitlement = try trusted.open(activated.entitlement)
        #expect(entitlement.licenseID == id)
        #expect(entitlement.tier == .enterprise)
        #expect(entitlement.limits.backends == 50)
        #expect(entitlement.notAfter == activated.serverTime + 30 * 86_400)
        _ = try await activate(authority, key, "gate-2", trusted)
        let listed = try await authority.json(["list"])["licenses"]?.arrayValue?.first
        #expect(listed?["name"] == "Acme")
        #expect(listed?["key"] == nil)
        #expect(listed?["instances"]?.arrayValue?.map { $0["instance_id"]?.stringValue } == ["gate-1", "gate-2"])
        #expect(try await heartbeat(authority, id, "gate-1", trusted).command == nil)

        // The key comes over standard input, and is in no list of processes.
        let revoked = try await authority.json(
            ["revoke", "-", "--effective-in", "7d", "--reason", "CHARGEBACK"], input: key.exposed.lowercased())
        #expect(revoked["license_id"]?.stringValue == id)
        let told = try await heartbeat(authority, id, "gate-1", trusted)
        let die = try #require(told.command)
        #expect(die.kind == .die)
        #expect(die.reasonCode == "CHARGEBACK")
        let ordered = try #require(revoked["order"]?["ordered_at"]?.intValue)
        #expect(die.effectiveAt == ordered + 7 * 86_400)
        #expect(told.entitlement == nil)

        let restored = try await authority.json(["restore", id])
        #expect(restored["revoked"] == false)
        let good = try await heartbeat(authority, id, "gate-1", trusted)
        #expect(good.command?.kind == .restore)
        #expect(good.entitlement != nil)
        #expect(good.seq > told.seq)

        let events = try await authority.json(["journal"])["journal"]?.arrayValue?.compactMap {
            $0["event"]?.stringValue
        }
        #expect(events == ["init", "issue", "activate", "activate", "revoke", "restore"])
        #expect(!authority.written.contains(key.exposed))
        #expect(try await authority.stop() == .code(0))
    }

    @Test func aRestartForgetsNothing() async throws {
        let first = try await AuthorityProcess.start(home)
        let trusted = try await first.trusted()
        let key = try LicenseKey(
            try #require(try await first.json(["issue", "--tier", "pro", "--seats", "1"])["key"]?.stringValue))
        let before = try await activate(first, key, "gate-1", trusted)
        try await first.stop()
        let second = try await AuthorityProcess.start(home)
        let after = try await heartbeat(second, before.licenseID, "gate-1", trusted)
        #expect(after.seq == before.seq + 1)
        try await second.stop()
    }

    @Test func aRotationIsFollowed() async throws {
        let authority = try await AuthorityProcess.start(home)
        let trusted = try await authority.trusted()
        let key = try LicenseKey(
            try #require(try await authority.json(["issue", "--tier", "pro", "--seats", "1"])["key"]?.stringValue))
        let license = try await activate(authority, key, "gate-1", trusted).licenseID
        let rotated = try await authority.json(["rotate"])
        #expect(rotated["trusted_keys"]?.arrayValue?.first?.stringValue == trusted.keys[1].licenseText)
        let reply = try await heartbeat(authority, license, "gate-1", trusted)
        #expect(reply.kid == KeyID(of: trusted.keys[1]))
        try await authority.stop()
    }

    @Test func aKeyIsPrintedAloneAndMistakesAreWords() async throws {
        let issued = try await AuthorityProcess.run(home, ["issue", "--tier", "pro", "--seats", "3"])
        #expect(try LicenseKey(issued.output).exposed == issued.output)
        #expect(issued.errors.contains("shown this once"))
        #expect(!issued.errors.contains(issued.output))
        let list = try await AuthorityProcess.run(home, ["list"])
        #expect(list.output.contains("Pro"))
        #expect(list.output.contains("0/3"))
        #expect(!list.output.contains(issued.output))

        for (words, text) in [
            (["init"], "already"), (["issue", "--tier", "free", "--seats", "1"], "Free needs no license"),
            (["issue", "--tier", "pro", "--seats", "0"], "--seats"), (["revoke", "lic_none"], "no such license"),
            (["restore", "lic_none"], "no such license"), (["list", "--dir", "elsewhere"], "authority init"),
            (["revoke", "x", "--effective-in", "1y"], "--effective-in"),
            (["serve", "--host", "0.0.0.0"], "--certificate"), (["serve", "--certificate", "x"], "belong together"),
        ] {
            let run = try await AuthorityProcess.run(home, words)
            #expect(run.exit != .code(0), "\(words)")
            #expect(run.errors.contains(text), "\(words): \(run.errors)")
        }
    }

    @Test func itSpeaksHTTPS() async throws {
        let certificates = try await TestAuthority(in: home)
        let identity = try await certificates.issue("licenses", ["IP:127.0.0.1"])
        let authority = try await AuthorityProcess.start(
            home, ["--certificate", identity.certificate, "--key", identity.key])
        #expect(authority.url.hasPrefix("https://"))
        let run = try await Program.run(
            "/usr/bin/env",
            [
                "curl", "-sS", "--cacert", certificates.certificate, "-H", "Content-Type: application/json", "-d", "{}",
                authority.url + "/v1/heartbeat",
            ])
        #expect(run.exit == .code(0), "\(run.errors)")
        #expect(try AuthorityRefusal(bytes: Array(run.output.utf8)).code == .badRequest)
        try await authority.stop()
    }
}
