import GateCore
import GateProtocol
import GateTestKit
import Testing

@testable import GateAuth

/// Which keys of a provider count.
@Suite struct KeySetTests {
    private func set(_ keys: [JSONValue]) throws -> KeySet { try KeySet(Array(TestTokens.set(keys).utf8)) }

    @Test func keysOfAllKindsAreFoundByName() throws {
        let keys = try [TestKey(.rsa, id: "r"), TestKey(.p256, id: "e"), TestKey(.ed25519, id: "d")]
        let set = try set(keys.map { try $0.jwk() })
        #expect(set.key(id: "r", .rs256)?.algorithm == .rs256)
        #expect(set.key(id: "e", .es256)?.algorithm == .es256)
        #expect(set.key(id: "d", .edDSA)?.algorithm == .edDSA)
        #expect(set.key(id: "r", .es256) == nil && set.key(id: "R", .rs256) == nil)
        // Without a name only where there is no choice.
        #expect(set.key(id: nil, .es256)?.id == "e")
        let two = try self.set([keys[1].jwk(), TestKey(.p256, id: "e2").jwk()])
        #expect(two.key(id: nil, .es256) == nil)
    }

    @Test func twoKeysOfOneNameAreNobodys() throws {
        let set = try set([TestKey(.p256, id: "a").jwk(), TestKey(.p256, id: "a").jwk(), TestKey(.rsa, id: "a").jwk()])
        #expect(set.key(id: "a", .es256) == nil)
        #expect(set.key(id: "a", .rs256) != nil)
    }

    @Test func otherKeysAreLeftOut() throws {
        let key = try TestKey(.p256, id: "good")
        let rsa = try TestKey(.rsa, id: "r")
        let others: [JSONValue] = try [
            ["kty": "oct", "kid": "shared", "k": "c2VjcmV0"], ["kty": "RSA"], "text", [:], [],
            key.jwk([("kid", "enc"), ("use", "enc")]), key.jwk([("kid", "ops"), ("key_ops", ["sign"])]),
            key.jwk([("kid", "private"), ("d", "AAAA")]), key.jwk([("kid", "alg"), ("alg", "ES384")]),
            key.jwk([("kid", "curve"), ("crv", "P-384")]), key.jwk([("kid", "number"), ("x", 1)]),
            key.jwk([("kid", "offcurve"), ("x", .string(Base64.encodeURL([UInt8](repeating: 1, count: 32))))]),
            key.jwk([("kid", "short"), ("y", "AQAB")]), key.jwk([("kid", 7)]), key.jwk([("kid", "")]),
            rsa.jwk([("kid", "rs512"), ("alg", "RS512")]), rsa.jwk([("kid", "e1"), ("e", "AQ")]),
            rsa.jwk([("kid", "even"), ("e", "Ag")]), rsa.jwk([("kid", "long"), ("e", "AQAAAAAB")]),
            rsa.jwk([("kid", "padded"), ("e", "AQAB=")]), TestKey(.rsa, id: "small", bits: 1_024).jwk(),
            rsa.jwk([("kid", "huge"), ("n", .string(Base64.encodeURL([UInt8](repeating: 255, count: 1_025))))]),
        ]
        let set = try set(others + [key.jwk()])
        #expect(set.keys.map(\.id) == ["good"])
    }

    @Test func boundsOfASet() throws {
        func fault(_ text: String) -> String? {
            do throws(KeySet.Fault) {
                _ = try KeySet(Array(text.utf8))
                return nil
            } catch {
                return error.words
            }
        }
        let key = try TestKey(.ed25519, id: nil).jwk()
        #expect(fault(TestTokens.set([key])) == nil)
        #expect(fault(TestTokens.set(Array(repeating: key, count: 64))) == nil)
        #expect(fault(TestTokens.set(Array(repeating: key, count: 65)))?.contains("more than 64") == true)
        #expect(fault(TestTokens.set([]))?.contains("no public key") == true)
        #expect(fault("{}")?.contains("no array `keys`") == true)
        #expect(fault("<html>")?.contains("not the JSON") == true)
        #expect(fault(#"{"keys":[],"keys":[]}"#)?.contains("not the JSON") == true)
        let large = TestTokens.set([key]) + String(repeating: " ", count: KeySet.maxBytes)
        #expect(fault(large)?.contains("larger than 256 KiB") == true)
        #expect(fault(#"{"keys":"# + String(repeating: "[", count: 100))?.contains("not the JSON") == true)
    }

    @Test func theSameKeyIsKnownUnderAnotherName() throws {
        let key = try TestKey(.p256, id: "a")
        let one = try #require(JSONWebKey(try key.jwk()))
        let other = try set([key.jwk([("kid", "b")])])
        #expect(other.contains(thumbprint: one.thumbprint))
        #expect(try !set([TestKey(.p256, id: "a").jwk()]).contains(thumbprint: one.thumbprint))
    }
}
