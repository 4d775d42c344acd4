import GateProtocol
import Testing

@testable import GateLicense

@Suite struct MessageTests {
    @Test func theCanonicalFormIsTheDocumentedOne() throws {
        let rig = try LicenseRig()
        let text = String(decoding: try CanonicalJSON.encode(rig.entitlement().json), as: UTF8.self)
        #expect(
            text
                == "{\"grace_days\":14,\"instance_id\":\"inst_1\",\"issued_at\":1800000000,\"kid\":\"\(rig.first.kid)\","
                + "\"license_id\":\"lic_1\",\"limits\":{\"backends\":50},\"not_after\":1802592000,\"seq\":7,"
                + "\"tier\":\"pro\",\"v\":1}")
        #expect(MessageKind.entitlement.signedBytes([0x7B]) == Array("stonegate.entitlement.v1\n{".utf8))
        #expect(Set(MessageKind.allCases.map(\.rawValue)).count == 5)
    }

    @Test func canonicalStrings() throws {
        let value: JSONValue = ["b": ["\u{1}\n\"\\/é", -5], "a": 0]
        let bytes = try CanonicalJSON.encode(value)
        #expect(String(decoding: bytes, as: UTF8.self) == "{\"a\":0,\"b\":[\"\\u0001\\n\\\"\\\\/é\",-5]}")
        #expect(try CanonicalJSON.decode(bytes) == ["a": 0, "b": ["\u{1}\n\"\\/é", -5]])
        for bad: JSONValue in [.null, true, 1.5, .number("-0"), .number("01"), .number("9007199254740992"), [.null]] {
            #expect(throws: WireError.notCanonical) { try CanonicalJSON.encode(bad) }
        }
        for bad in ["{\"a\":\"\\/\"}", "{ }", "[\"\\u00e9\"]", "{\"b\":1,\"a\":1}", "[-0]", "true"] {
            #expect(throws: WireError.notCanonical) { try CanonicalJSON.decode(Array(bad.utf8)) }
        }
    }

    @Test func everySignedMessageComesBack() throws {
        let rig = try LicenseRig()
        let keys = rig.trusted
        let nonce = LicenseRig.nonce(1)
        let die = LicenseCommand(
            kind: .die, id: "cmd_1", reasonCode: "CHARGEBACK", effectiveAt: LicenseRig.now + 259_200,
            notAfter: LicenseRig.now + 86_400, seq: 8)
        let heartbeat = try rig.reply(command: die)
        #expect(try keys.open(rig.first.seal(heartbeat)) == heartbeat)
        let bare = HeartbeatReply(
            kid: rig.second.kid, nonce: nonce, licenseID: "lic_1", instanceID: "inst_1", serverTime: LicenseRig.now,
            seq: 9)
        #expect(try keys.open(rig.second.seal(bare)) == bare)
        let activation = ActivationReply(
            kid: rig.first.kid, nonce: nonce, licenseID: "lic_1", instanceID: "inst_1", serverTime: LicenseRig.now,
            seq: 7, entitlement: try rig.first.seal(rig.entitlement()))
        let opened: ActivationReply = try keys.open(rig.first.seal(activation))
        #expect(opened == activation)
        #expect(try keys.open(opened.entitlement) == rig.entitlement())
        let deactivation = DeactivationReply(
            kid: rig.first.kid, nonce: nonce, licenseID: "lic_1", instanceID: "inst_1", serverTime: LicenseRig.now,
            seq: 9)
        #expect(try keys.open(rig.first.seal(deactivation)) == deactivation)
        // Nobody signs in another's name.
        #expect(throws: WireError.keyMismatch) { try rig.first.seal(bare) }
        // A heartbeat of the largest kind is far below what is read.
        #expect(Delivery(message: try rig.first.seal(heartbeat)).bytes.count < 3_000)
    }

    @Test func requestsComeBack() throws {
        let key = try LicenseKey("SG-0000-0000-0000-0012")
        let activation = ActivationRequest(
            key: key, instanceID: "inst_1", nonce: LicenseRig.nonce(1), version: "0.9.0")
        #expect(try ActivationRequest(bytes: activation.bytes) == activation)
        let heartbeat = HeartbeatRequest(
            licenseID: "lic_1", instanceID: "inst_1", nonce: LicenseRig.nonce(1), version: "0.9.0",
            counters: ["backends": 3, "uptime_hours": 24])
        #expect(try HeartbeatRequest(bytes: heartbeat.bytes) == heartbeat)
        let deactivation = DeactivationRequest(
            licenseID: "lic_1", instanceID: "inst_1", nonce: LicenseRig.nonce(1))
        #expect(try DeactivationRequest(bytes: deactivation.bytes) == deactivation)
        let refusal = AuthorityRefusal(.seatsTaken, "all 2 seats are taken")
        #expect(try AuthorityRefusal(bytes: refusal.bytes) == refusal)
    }

    @Test func badRequestsNameTheMember() throws {
        let good = HeartbeatRequest(
            licenseID: "lic_1", instanceID: "inst_1", nonce: LicenseRig.nonce(1), version: "0.9.0")
        for (member, value): (String, JSONValue?) in [
            ("license_id", nil), ("license_id", ""), ("license_id", "a b"), ("instance_id", 5),
            ("instance_id", .string(String(repeating: "a", count: 65))), ("nonce", "AA"), ("version", "a\nb"),
            ("counters", [1]), ("counters", ["a": -1]), ("counters", ["a b": 1]), ("counters", ["a": "b"]),
            ("counters", .object(JSONObject((0..<33).map { ("c\($0)", 1) }))), ("more", 1),
        ] {
            var object = try #require(good.json.objectValue)
            object[member] = value
            #expect(throws: WireError.badMember(member)) { try HeartbeatRequest(json: .object(object)) }
        }
        var object = try #require(good.json.objectValue)
        object["v"] = 2
        #expect(throws: WireError.unknownVersion(2)) { try HeartbeatRequest(json: .object(object)) }
    }

    @Test func aCommandIsCurrentForAWeekAtMost() {
        let now = LicenseRig.now
        for (notAfter, current) in [
            (now - 1, false), (now, true), (now + 7 * 86_400, true), (now + 7 * 86_400 + 1, false),
        ] {
            let command = LicenseCommand(
                kind: .die, id: "c", reasonCode: "R", effectiveAt: now, notAfter: notAfter, seq: 1)
            #expect(command.isCurrent(at: now) == current)
        }
        let old = LicenseCommand(kind: .die, id: "c", reasonCode: "R", effectiveAt: 0, notAfter: 0, seq: 1)
        #expect(!old.isCurrent(at: .min))
    }

    @Test func deliveriesCarryRotations() throws {
        let rig = try LicenseRig()
        let rotation = try rig.first.seal(
            KeyRotation(
                kid: rig.first.kid, active: rig.second.verification, next: rig.stranger.verification,
                issuedAt: LicenseRig.now))
        let delivery = Delivery(message: try rig.second.seal(rig.entitlement(rig.second)), rotations: [rotation])
        let read = try Delivery(bytes: delivery.bytes)
        #expect(read == delivery)
        let keys = TrustedKeys([rig.first.verification])
        #expect(throws: WireError.untrustedKey(rig.second.kid)) { try keys.open(read.message, as: Entitlement.self) }
        #expect(try keys.applying(read.rotations).open(read.message) == rig.entitlement(rig.second))
        let many = Delivery(message: rotation, rotations: [SignedEnvelope](repeating: rotation, count: 9))
        #expect(throws: WireError.badMember("rotations")) { try Delivery(bytes: many.bytes) }
    }
}
