import GateCore
import GateProtocol
import GateTestKit
import Testing

@testable import GateAuth

/// What a token must be and say.
@Suite struct TokenTests {
    private static let issuer = "https://id.example"
    private static let audience = "https://gate.example/mcp"
    private static let now = 1_800_000_000
    private static let claims: [(String, JSONValue)] = [
        ("iss", .string(issuer)), ("aud", .string(audience)), ("sub", "ann"), ("exp", .init(now + 300)),
        ("iat", .init(now)), ("scope", "mcp:use read"), ("org", "acme"),
    ]

    private let key: TestKey
    private let keys: KeySet
    private let verifier = TokenVerifier(TokenRule(issuer: issuer, audience: audience, tenantClaim: "org"))

    init() throws {
        key = try TestKey(.ed25519, id: "k")
        keys = try KeySet(Array(TestTokens.set([key.jwk()]).utf8))
    }

    private func verify(_ token: String, at time: Int = now) -> TokenVerifier.Verdict {
        verifier.verify(Array(token.utf8), keys: keys, now: time)
    }

    private func verdict(
        header: [(String, JSONValue?)] = [], _ changes: [(String, JSONValue?)] = [], at time: Int = now
    ) throws -> TokenVerifier.Verdict {
        verify(try TestTokens.make(key, Self.claims, header: header, changing: changes), at: time)
    }

    @Test(arguments: [TestKey.Kind.rsa, .p256, .ed25519]) func aGoodTokenIsRead(_ kind: TestKey.Kind) throws {
        let key = try TestKey(kind, id: "k")
        let keys = try KeySet(Array(TestTokens.set([key.jwk()]).utf8))
        let token = try TestTokens.make(key, Self.claims)
        guard case .verified(let found) = verifier.verify(Array(token.utf8), keys: keys, now: Self.now) else {
            Issue.record("\(verifier.verify(Array(token.utf8), keys: keys, now: Self.now))")
            return
        }
        #expect(found.agent == "ann" && found.tenant == "acme" && found.expiry == Self.now + 300)
        #expect(found.scopes == ["mcp:use", "read"] && found.missing(of: ["read", "write"]) == ["write"])
        #expect(keys.contains(thumbprint: found.key))
    }

    @Test func timesAreHeldTo() throws {
        #expect(try verdict(at: Self.now + 299).isVerified)
        #expect(try verdict(at: Self.now + 300) == .refused(.expired))
        #expect(try verdict([("exp", nil)]) == .refused(.noExpiry))
        #expect(try verdict([("exp", "soon")]) == .refused(.badClaims))
        #expect(try verdict([("exp", .number("1e300"))]) == .refused(.badClaims))
        #expect(try verdict([("exp", -1)]) == .refused(.badClaims))
        #expect(try verdict([("exp", .number("\(Self.now).5"))]).isVerified)
        #expect(try verdict([("nbf", .init(Self.now + 60))]).isVerified)
        #expect(try verdict([("nbf", .init(Self.now + 61))]) == .refused(.notYetValid))
        #expect(try verdict([("iat", .init(Self.now + 60))]).isVerified)
        #expect(try verdict([("iat", .init(Self.now + 61))]) == .refused(.issuedInFuture))
        #expect(try verdict([("iat", nil)]).isVerified)
    }

    @Test func issuerAndAudienceAreComparedByteForByte() throws {
        for issuer in ["https://id.example/", "https://ID.example", "https://id.example\u{0}", ""] {
            #expect(try verdict([("iss", .string(issuer))]) == .refused(.wrongIssuer), "\(issuer)")
        }
        #expect(try verdict([("iss", nil)]) == .refused(.wrongIssuer))
        #expect(try verdict([("iss", [.string(Self.issuer)])]) == .refused(.wrongIssuer))
        for audience: JSONValue? in [
            nil, "", "https://gate.example/mcp/", "https://gate.example", [], ["https://other.example"],
            [.string(Self.audience), 7], 7, [:],
        ] {
            #expect(try verdict([("aud", audience)]) == .refused(.wrongAudience), "\(audience?.text ?? "none")")
        }
        #expect(try verdict([("aud", ["https://other.example", .string(Self.audience)])]).isVerified)
    }

    @Test func scopesHaveTwoNamesAndTwoForms() throws {
        func scopes(_ changes: [(String, JSONValue?)]) throws -> [String]? {
            guard case .verified(let token) = try verdict(changes) else { return nil }
            return token.scopes
        }
        #expect(try scopes([("scope", nil)]) == [])
        #expect(try scopes([("scope", nil), ("scp", ["a", "b"])]) == ["a", "b"])
        #expect(try scopes([("scope", nil), ("scp", "a b")]) == ["a", "b"])
        #expect(try scopes([("scope", ["a"]), ("scp", ["b"])]) == ["a"])
        #expect(try verdict([("scope", 7)]) == .refused(.badScope))
        #expect(try verdict([("scope", ["a", 7])]) == .refused(.badScope))
    }

    @Test func theHeaderDecidesNothingAboutKeys() throws {
        #expect(try verdict(header: [("alg", "none")]) == .refused(.refusedAlgorithm))
        for name in ["HS256", "RS512", "PS256", "ES384", "ES256K", "eddsa", "Ed25519", ""] {
            #expect(try verdict(header: [("alg", .string(name))]) == .refused(.refusedAlgorithm), "\(name)")
        }
        #expect(try verdict(header: [("alg", nil)]) == .refused(.refusedAlgorithm))
        #expect(try verdict(header: [("alg", "RS256")]) == .refused(.wrongKind))
        #expect(try verdict(header: [("crit", ["exp"])]) == .refused(.refusedHeader))
        #expect(try verdict(header: [("b64", true)]) == .refused(.refusedHeader))
        #expect(try verdict(header: [("typ", nil)]).isVerified)
        for type in ["JWT", "jwt", "AT+JWT", "application/at+jwt"] {
            #expect(try verdict(header: [("typ", .string(type))]).isVerified, "\(type)")
        }
        for type: JSONValue in ["dpop+jwt", "logout+jwt", "", 7, "JOSE"] {
            #expect(try verdict(header: [("typ", type)]) == .refused(.wrongType), "\(type)")
        }
        #expect(try verdict(header: [("kid", "other")]) == .unknownKey)
        #expect(try verdict(header: [("kid", "../../k")]) == .unknownKey)
        #expect(try verdict(header: [("kid", 7)]) == .refused(.badHeader))
        #expect(try verdict(header: [("kid", nil)]).isVerified, "there is one key")
        // A key that the token brings along signs it in vain.
        let own = try TestKey(.ed25519, id: "k")
        let more: [(String, JSONValue?)] = [
            ("jwk", try own.jwk()), ("jku", "http://127.0.0.1:9/keys"), ("x5u", "http://127.0.0.1:9/x"),
            ("x5c", ["AAAA"]),
        ]
        #expect(verify(try TestTokens.make(own, Self.claims, header: more)) == .refused(.badSignature))
    }

    @Test func otherSpellingsAreRefused() throws {
        let token = try TestTokens.make(key, Self.claims)
        #expect(verify(token).isVerified)
        let parts = token.split(separator: ".").map(String.init)
        for wrong in [
            token + "=", token + ".", "." + token, token + ".x", parts[0] + "." + parts[1],
            parts[0] + "." + parts[1] + ".",
            parts[0] + ".." + parts[2], " " + token, token + "\n", parts.joined(separator: ","), "", ".", "..", "...",
            token.replacing(".", with: "=."), parts[0] + "A." + parts[1] + "." + parts[2],
            parts[0] + "." + parts[1] + "." + parts[2].dropLast() + "+", token + String(repeating: "A", count: 8_192),
        ] {
            #expect(!verify(wrong).isVerified, "\(wrong.suffix(40))")
        }
        // The last letter holds bits of no byte: 64 bytes leave 4 of them.
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        let last = try #require(parts[2].last)
        for letter in letters where letter != last {
            #expect(!verify(String(token.dropLast()) + String(letter)).isVerified, "\(letter)")
        }
        let plain = JSONValue.object(JSONObject(Self.claims)).text
        for claims in [
            plain.dropLast() + #","aud":"https://gate.example/mcp"}"#, plain + " x", "[\(plain)]", "\u{FEFF}" + plain,
            plain.replacing("ann", with: "a\u{1}"),
            plain.dropLast() + #","deep":"# + String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
                + "}",
            plain.dropLast() + #","many":["# + String(repeating: "0,", count: 2_000) + "0]}",
        ] {
            let token = try TestTokens.sign(header: #"{"alg":"EdDSA","kid":"k"}"#, claims: String(claims), with: key)
            #expect(verify(token) == .refused(.badClaims), "\(claims.prefix(60))")
        }
        let twice = try TestTokens.sign(header: #"{"alg":"EdDSA","alg":"EdDSA","kid":"k"}"#, claims: plain, with: key)
        #expect(verify(twice) == .refused(.badHeader))
    }

    @Test func everyBitOfATokenCounts() throws {
        let token = Array(try TestTokens.make(key, Self.claims).utf8)
        for index in token.indices {
            for bit in 0..<8 {
                var changed = token
                changed[index] ^= 1 << UInt8(bit)
                #expect(!verifier.verify(changed, keys: keys, now: Self.now).isVerified, "byte \(index), bit \(bit)")
            }
        }
    }

    /// What could not be accepted anyway is no reason to ask the provider.
    @Test func onlyGoodClaimsAskForKeys() throws {
        let other = try TestKey(.ed25519, id: "new")
        #expect(verify(try TestTokens.make(other, Self.claims)) == .unknownKey)
        for change: (String, JSONValue?) in [("iss", "https://else.example"), ("aud", nil), ("exp", 1)] {
            let token = try TestTokens.make(other, Self.claims, changing: [change])
            guard case .refused = verify(token) else {
                Issue.record("\(change)")
                continue
            }
        }
        let none = verifier.verify(Array(try TestTokens.make(key, Self.claims).utf8), keys: nil, now: Self.now)
        #expect(none == .unknownKey)
    }

    @Test func whatWasVerifiedIsRememberedInBounds() throws {
        guard case .verified(let token) = try verdict() else { return }
        var known = VerifiedTokens<Int>(capacity: 100)
        func find(_ number: Int, at time: Int = Self.now) -> VerifiedToken? { known.find(number, now: time) }
        for number in 0..<1_000 { known.keep(token, number) }
        #expect(known.count <= 100)
        #expect(find(999) == token && find(0) == nil)
        #expect(find(999, at: token.expiry) == nil)
        // What is used stays.
        for number in 1_000..<2_000 {
            #expect(find(999) != nil)
            known.keep(token, number)
        }
    }
}

extension TokenVerifier.Verdict {
    var isVerified: Bool { if case .verified = self { true } else { false } }
}
