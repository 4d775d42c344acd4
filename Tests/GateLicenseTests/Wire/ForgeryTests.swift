import GateCore
import GateProtocol
import Testing

@testable import GateCrypto
@testable import GateLicense

/// Something that is nearly an entitlement.
private struct Forgery {
    let name: String
    let make: (LicenseRig) throws -> SignedEnvelope

    init(_ name: String, _ make: @escaping (LicenseRig) throws -> SignedEnvelope) {
        self.name = name
        self.make = make
    }

    static func good(_ rig: LicenseRig) throws -> SignedEnvelope { try rig.first.seal(rig.entitlement()) }

    /// The good one with another signature.
    static func signature(_ name: String, _ change: @escaping ([UInt8]) -> [UInt8]) -> Forgery {
        Forgery(name) { rig in
            let good = try good(rig)
            return SignedEnvelope(payload: good.payload, kid: good.kid, signature: change(good.signature))
        }
    }

    /// Other bytes, with a good signature of the authority: what a forger cannot do, so that what is parsed is tested as well.
    static func signed(
        _ name: String, domain: String = "stonegate.entitlement.v1\n", _ change: @escaping ([UInt8]) throws -> [UInt8]
    ) -> Forgery {
        Forgery(name) { rig in
            let key = try #require(SigningKey(seed: [UInt8](repeating: 1, count: 32)))
            let payload = try change(try good(rig).payload)
            let signature = try #require(key.sign(Array(domain.utf8) + payload))
            return SignedEnvelope(payload: payload, kid: rig.first.kid, signature: signature)
        }
    }

    static func text(_ name: String, _ old: String, _ new: String) -> Forgery {
        signed(name) { payload in
            let text = String(decoding: payload, as: UTF8.self)
            return Array(text.replacing(try #require(text.firstRange(of: old)), new).utf8)
        }
    }
}

/// LT-1: what is forged is refused.
@Suite struct ForgeryTests {
    /// S + L, which verifies where nobody looks whether S is below L.
    private func plusOrder(_ signature: [UInt8]) -> [UInt8] {
        var out = signature
        var carry = 0
        for index in 0..<32 {
            let sum = Int(out[32 + index]) + Int(Ed25519Bounds.order[index]) + carry
            out[32 + index] = UInt8(sum & 0xFF)
            carry = sum >> 8
        }
        return out
    }

    private func flip(_ bytes: [UInt8], _ bit: Int) -> [UInt8] {
        var bytes = bytes
        bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        return bytes
    }

    /// R is the neutral point, S is 0: good for every message under a key of small order.
    private let universal = Ed25519Bounds.smallOrder[1] + [UInt8](repeating: 0, count: 32)

    private var signatures: [Forgery] {
        var all: [Forgery] = []
        for bit in [0, 7, 8, 100, 255, 256, 300, 508, 511] {
            all.append(.signature("signature bit \(bit)") { flip($0, bit) })
        }
        for bit in [0, 9, 333, 800, 1300] {
            all.append(
                Forgery("payload bit \(bit)") { rig in
                    let good = try Forgery.good(rig)
                    return SignedEnvelope(
                        payload: flip(good.payload, bit), kid: good.kid, signature: good.signature)
                })
        }
        all.append(.signature("truncated signature") { $0.dropLast() })
        all.append(.signature("extended signature") { $0 + [0] })
        all.append(.signature("no signature") { _ in [] })
        all.append(.signature("all zero") { _ in [UInt8](repeating: 0, count: 64) })
        all.append(.signature("twice") { $0 + $0 })
        all.append(.signature("halves changed") { Array($0.suffix(32)) + Array($0.prefix(32)) })
        all.append(.signature("S + L") { plusOrder($0) })
        all.append(.signature("R of small order") { Ed25519Bounds.smallOrder[1] + Array($0.suffix(32)) })
        all.append(.signature("for a key of small order") { _ in universal })
        all.append(
            Forgery("signature of another message") { rig in
                let other = try rig.first.seal(rig.reply())
                return SignedEnvelope(
                    payload: try Forgery.good(rig).payload, kid: rig.first.kid, signature: other.signature)
            })
        return all
    }

    private func renamed(_ rig: LicenseRig, _ envelope: SignedEnvelope, _ kid: KeyID) -> SignedEnvelope {
        SignedEnvelope(payload: envelope.payload, kid: kid, signature: envelope.signature)
    }

    private var keys: [Forgery] {
        [
            Forgery("kid of the other trusted key") { renamed($0, try Forgery.good($0), $0.second.kid) },
            Forgery("kid of an untrusted key") { renamed($0, try Forgery.good($0), $0.stranger.kid) },
            Forgery("signed by a stranger") { try $0.stranger.seal($0.entitlement($0.stranger)) },
            Forgery("signed by a stranger under a trusted kid") {
                renamed($0, try $0.stranger.seal($0.entitlement($0.stranger)), $0.first.kid)
            },
            Forgery("kid of a key of small order") { rig in
                let digest = Hex.encode(SHA256.hash(Ed25519Bounds.smallOrder[1]))
                return SignedEnvelope(
                    payload: try Forgery.good(rig).payload, kid: try #require(KeyID(String(digest.prefix(16)))),
                    signature: universal)
            },
            Forgery("payload names another key") { rig in
                let text = Forgery.text("", rig.first.kid.text, rig.second.kid.text)
                return try text.make(rig)
            },
        ]
    }

    private var kinds: [Forgery] {
        let others = MessageKind.allCases.filter { $0 != .entitlement }.map { $0.rawValue + "\n" }
        return (others + ["", "stonegate.entitlement.v1", "stonegate.entitlement.v2\n", "stonemem.entitlement.v1\n"])
            .map { domain in .signed("domain \(domain.debugDescription)", domain: domain) { $0 } }
    }

    private var texts: [Forgery] {
        [
            .text("an algorithm is named", "{", "{\"alg\":\"none\","),
            .text("a member twice", "\"tier\":\"pro\"", "\"tier\":\"pro\",\"tier\":\"enterprise\""),
            .text("white space", ",\"seq\"", ", \"seq\""),
            .text("another order", "{\"grace_days\":14,", "{\"v\":1,\"grace_days\":14,"),
            .text("an exponent", "\"seq\":7", "\"seq\":7e0"),
            .text("a fraction", "\"seq\":7", "\"seq\":7.5"),
            .text("a negative number", "\"seq\":7", "\"seq\":-7"),
            .text("a number as text", "\"seq\":7", "\"seq\":\"7\""),
            .text("an escape that is not needed", "\"pro\"", "\"pr\\u006f\""),
            .text("an unknown tier", "\"pro\"", "\"root\""),
            .text("another version", "\"v\":1", "\"v\":2"),
            .text("a member is missing", "\"grace_days\":14,", ""),
            .text("an unknown member", "\"v\":1", "\"v\":1,\"x\":1"),
            .text("over before it begins", "\"not_after\":1802592000", "\"not_after\":1"),
            .text("bytes behind it", "\"v\":1}", "\"v\":1}{}"),
            .signed("an array") { _ in Array("[]".utf8) },
            .signed("nothing") { _ in [] },
            .signed("deeper than eight") { _ in [UInt8](repeating: 0x5B, count: 9) + [UInt8](repeating: 0x5D, count: 9)
            },
            .signed("longer than 16 KiB") { _ in [0x22] + [UInt8](repeating: 0x61, count: 16_384) + [0x22] },
            .signed("not UTF-8") { $0.map { $0 == UInt8(ascii: "p") ? 0xFF : $0 } },
        ]
    }

    @Test func everyForgeryIsRefused() throws {
        let rig = try LicenseRig()
        #expect(try rig.trusted.open(Forgery.good(rig)) == rig.entitlement())
        let all: [Forgery] = signatures + keys + kinds + texts
        #expect(all.count >= 40)
        #expect(Set(all.map(\.name)).count == all.count)
        for forgery in all {
            let envelope = try forgery.make(rig)
            #expect(throws: WireError.self, "\(forgery.name)") {
                let opened: Entitlement = try rig.trusted.open(envelope)
                Issue.record("\(forgery.name) was accepted: \(opened)")
            }
        }
    }

    @Test func whatIsSignedForOthersIsNotForUs() throws {
        let rig = try LicenseRig()
        let entitlement: Entitlement = try rig.trusted.open(Forgery.good(rig))
        try entitlement.check(licenseID: "lic_1", instanceID: "inst_1")
        #expect(throws: WireError.notForUs("license")) {
            try entitlement.check(licenseID: "lic_2", instanceID: "inst_1")
        }
        #expect(throws: WireError.notForUs("instance")) {
            try entitlement.check(licenseID: "lic_1", instanceID: "inst_2")
        }
        let reply = try rig.reply()
        let asked = HeartbeatRequest(
            licenseID: "lic_1", instanceID: "inst_1", nonce: LicenseRig.nonce(1), version: "1.0")
        try reply.check(answers: asked)
        var other = asked
        other.nonce = LicenseRig.nonce(2)
        #expect(throws: WireError.notForUs("request")) { try reply.check(answers: other) }
        other = asked
        other.licenseID = "lic_2"
        #expect(throws: WireError.notForUs("license")) { try reply.check(answers: other) }
        other = asked
        other.instanceID = "inst_2"
        #expect(throws: WireError.notForUs("instance")) { try reply.check(answers: other) }
    }

    /// OpenSSL alone accepts one signature of this key for every message.
    @Test func keysOfSmallOrderAreNoKeys() throws {
        for y in Ed25519Bounds.smallOrder {
            #expect(VerificationKey(y) == nil)
            #expect(VerificationKey(y.dropLast() + [(y.last ?? 0) | 0x80]) == nil)
            #expect(VerificationKey(licenseText: "ed25519:" + Hex.encode(y)) == nil)
        }
        let prime = [0xED] + [UInt8](repeating: 0xFF, count: 30) + [0x7F]
        #expect(VerificationKey(prime) == nil)
        #expect(VerificationKey([0xEE] + prime.dropFirst()) == nil)
        #expect(VerificationKey([UInt8](repeating: 0xFF, count: 32)) == nil)
        #expect(VerificationKey([UInt8](repeating: 1, count: 31)) == nil)
        #expect(VerificationKey([UInt8](repeating: 1, count: 33)) == nil)
    }

    @Test func envelopesAreReadStrictly() throws {
        let rig = try LicenseRig()
        let good = try Forgery.good(rig)
        #expect(try SignedEnvelope(bytes: good.bytes) == good)
        let text = String(decoding: good.bytes, as: UTF8.self)
        let changes: [(String, String)] = [
            ("{", "{\"alg\":\"none\","), ("\"kid\"", "\"key\""), ("\"sig\":\"", "\"sig\":\"A"),
            (good.kid.text, "0"), ("}", ""), ("}", "}x"), ("}", ",\"kid\":\"\(good.kid.text)\"}"),
        ]
        for (old, new) in changes {
            let bad = text.replacing(try #require(text.firstRange(of: old)), new)
            #expect(throws: WireError.self, "\(bad)") { try SignedEnvelope(bytes: Array(bad.utf8)) }
        }
        let long = Array((text + String(repeating: " ", count: 16 * 1024)).utf8)
        #expect(throws: WireError.tooLong(long.count)) { try SignedEnvelope(bytes: long) }
    }
}

extension String {
    fileprivate func replacing(_ range: Range<String.Index>, _ new: String) -> String {
        String(self[..<range.lowerBound]) + new + String(self[range.upperBound...])
    }
}
