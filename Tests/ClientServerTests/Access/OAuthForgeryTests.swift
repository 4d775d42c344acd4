import GateCore
import GateProtocol
import GateTestKit
import Testing

/// S-7: tokens that are not what they seem, each through the real front end, beside the genuine one.
@Suite(.serialized) struct OAuthForgeryTests {
    /// What a forger has: the public keys, good tokens, and keys of its own.
    private struct Forger {
        let provider: Provider
        let own: TestKey
        let port: UInt16
        let trap: String

        var claims: [(String, JSONValue)] { provider.claims("ann", for: port) }
        var audience: String { "http://127.0.0.1:\(port)/mcp" }
        func key(_ kind: TestKey.Kind) throws -> TestKey { try #require(provider.keys.first { $0.kind == kind }) }

        /// Signed by the forger's key in the provider's name.
        func forged(_ header: [(String, JSONValue?)] = []) throws -> String {
            try TestTokens.make(own, claims, header: [("kid", "ed25519")] + header)
        }

        /// Signed by the provider, with something else in it.
        func genuine(
            _ changes: [(String, JSONValue?)] = [], header: [(String, JSONValue?)] = [], _ kind: TestKey.Kind = .ed25519
        ) throws -> String {
            try TestTokens.make(key(kind), claims, header: header, changing: changes)
        }

        func parts(_ kind: TestKey.Kind = .ed25519) throws -> [String] {
            try genuine([], kind).split(separator: ".").map(String.init)
        }

        func shared(_ algorithm: String, secret: [UInt8], _ kind: TestKey.Kind = .rsa) throws -> String {
            let header = #"{"alg":"\#(algorithm)","typ":"JWT","kid":"\#(kind.rawValue)"}"#
            let signed = TestTokens.text(header) + "." + TestTokens.text(JSONValue.object(JSONObject(claims)).text)
            return signed + "." + Base64.encodeURL(TestKey.hmac(key: secret, Array(signed.utf8)))
        }

        func unsigned(_ algorithm: String, signature: String = "") -> String {
            TestTokens.text(#"{"alg":"\#(algorithm)"}"#) + "."
                + TestTokens.text(JSONValue.object(JSONObject(claims)).text) + "." + signature
        }

        func claimed(_ edit: (String) -> String) throws -> String {
            try TestTokens.sign(
                header: #"{"alg":"EdDSA","kid":"ed25519"}"#, claims: edit(JSONValue.object(JSONObject(claims)).text),
                with: key(.ed25519))
        }

        /// All of them by name.
        func all() throws -> [(name: String, token: String)] {
            let now = Provider.now
            let set = try provider.set()
            let parts = try parts()
            let elliptic = try self.parts(.p256)
            let signature = try #require(Base64.decodeURL(elliptic[2].utf8))
            let der: [UInt8] = [0x30, 68, 2, 32] + signature.prefix(32) + [2, 32] + signature.suffix(32)
            return [
                ("alg none, no signature", unsigned("none")),
                ("alg none, with a signature", unsigned("none", signature: parts[2])),
                ("alg None", unsigned("None")), ("alg empty", unsigned("")),
                ("HS256 with the RSA key's PEM", try shared("HS256", secret: Array(key(.rsa).pem().utf8))),
                ("HS256 with the RSA key's JWK", try shared("HS256", secret: Array(key(.rsa).jwk().text.utf8))),
                ("HS256 with the key set", try shared("HS256", secret: Array(set.utf8))),
                ("HS256 with an empty secret", try shared("HS256", secret: [])),
                ("RS256 that is an HMAC", try shared("RS256", secret: Array(key(.rsa).pem().utf8))),
                ("another key under the provider's name", try forged()),
                ("a key that the token brings along", try forged([("jwk", try own.jwk())])),
                ("jku of the forger", try forged([("jku", .string(trap + "/jku"))])),
                ("jku as kid", try forged([("kid", .string(trap + "/kid"))])),
                ("x5u of the forger", try forged([("x5u", .string(trap + "/x5u"))])),
                ("x5c of the forger", try forged([("x5c", ["AAAA"])])),
                ("alg of another kind of key", try genuine(header: [("alg", "RS256")])),
                ("kid of another key", try genuine(header: [("kid", "rsa")])),
                ("kid that is a path", try forged([("kid", "../../../../dev/null")])),
                ("kid that is a query", try forged([("kid", "x' UNION SELECT 'k")])),
                ("kid that is unknown", try forged([("kid", .string("k-\(now)"))])),
                ("kid that is no text", try forged([("kid", ["ed25519"])])),
                ("no kid, three keys", try TestTokens.make(own, claims, header: [("kid", nil)])),
                ("crit", try genuine(header: [("crit", ["x"]), ("x", true)])),
                ("b64 false", try genuine(header: [("b64", false)])),
                ("typ of a proof", try genuine(header: [("typ", "dpop+jwt")])),
                ("typ of a logout", try genuine(header: [("typ", "logout+jwt")])),
                ("no aud", try genuine([("aud", nil)])),
                ("aud of another", try genuine([("aud", "https://other.example/mcp")])),
                ("aud with a slash", try genuine([("aud", .string(audience + "/"))])),
                ("aud array without us", try genuine([("aud", ["https://other.example", "https://more.example"])])),
                ("aud that begins like ours", try genuine([("aud", .string(audience + ".evil.example"))])),
                ("aud twice", try claimed { $0.dropLast() + #","aud":"\#(audience)"}"# }),
                ("aud once escaped", try claimed { $0.dropLast() + #","\u0061ud":"x"}"# }),
                ("an ID token", try genuine([("aud", "client-1")], header: [("typ", "JWT")])),
                ("iss of another", try genuine([("iss", "https://evil.example")])),
                ("iss with a slash", try genuine([("iss", .string(Provider.issuer + "/"))])),
                ("no iss", try genuine([("iss", nil)])),
                ("exp past", try genuine([("exp", .init(now - 1))])),
                ("no exp", try genuine([("exp", nil)])),
                ("exp as text", try genuine([("exp", .string("\(now + 600)"))])),
                ("exp beyond time", try genuine([("exp", .number("1e400"))])),
                ("nbf future", try genuine([("nbf", .init(now + 120))])),
                ("iat future", try genuine([("iat", .init(now + 120))])),
                ("longer than 8 KiB", try genuine([("pad", .string(String(repeating: "x", count: 8_192)))])),
                ("padding", parts.joined(separator: ".") + "=="),
                ("signature cut", parts.joined(separator: ".").dropLast(2) + ""),
                ("signature of another token", parts[0] + "." + TestTokens.text("{}") + "." + parts[2]),
                (
                    "claims of another token",
                    try parts[0] + "." + genuine([("sub", "root")]).split(separator: ".")[1] + "." + parts[2]
                ),
                ("five parts", parts.joined(separator: ".") + ".AA.AA"), ("two parts", parts[0] + "." + parts[1]),
                ("ECDSA in DER", elliptic[0] + "." + elliptic[1] + "." + Base64.encodeURL(der)),
                (
                    "ECDSA of zeros",
                    elliptic[0] + "." + elliptic[1] + "." + Base64.encodeURL([UInt8](repeating: 0, count: 64))
                ),
                (
                    "alg twice",
                    try TestTokens.sign(
                        header: #"{"alg":"EdDSA","alg":"EdDSA","kid":"ed25519"}"#,
                        claims: JSONValue.object(JSONObject(claims)).text, with: key(.ed25519))
                ),
                ("claims that are no object", try claimed { "[\($0)]" }),
            ]
        }
    }

    @Test func everyForgeryIsRefusedAndTheGenuineTokenPasses() async throws {
        let provider = try Provider()
        let trap = try ScriptedServer { _ in .ok("{}") }
        let directory = try TemporaryDirectory()
        let path = try directory.write(provider.set(), to: "keys.json")
        let gateway = try await GatewayProcess.start(
            """
            [oauth]
            issuer = "\(Provider.issuer)"
            jwks_file = "\(path)"
            tenant_claim = "org"

            [limits]
            auth_failures_per_minute = 1000

            [[tenants]]
            name = "acme"
            allow = ["*"]
            """, directory: directory)
        let forger = Forger(
            provider: provider, own: try TestKey(.ed25519, id: "own"), port: gateway.port, trap: trap.url)
        let metadata = "resource_metadata=\"\(gateway.baseURL)/.well-known/oauth-protected-resource/mcp\""
        func status(_ token: String) async throws -> HTTPReply {
            try await gateway.post("/mcp", headers: Bearer.headers(token), json: FakeMCP.initialize)
        }
        let all = try forger.all()
        #expect(all.count >= 50 && Set(all.map(\.name)).count == all.count)
        for (name, token) in all {
            let reply = try await status(token)
            #expect(reply.status == 401, "\(name): \(reply.status) \(reply.text)")
            #expect(try JSONReply(reply).json["code"] == "UNAUTHENTICATED", "\(name)")
            let challenge = reply["WWW-Authenticate"] ?? ""
            #expect(
                challenge.contains(#"error="invalid_token""#) && challenge.contains(metadata), "\(name): \(challenge)")
            #expect(reply["Mcp-Session-Id"] == nil, "\(name)")
        }
        for kind in [TestKey.Kind.rsa, .p256, .ed25519] {
            #expect(try await status(forger.genuine([], kind)).status == 200, "\(kind)")
        }
        // A token is taken in one place, once.
        let good = try forger.genuine()
        for target in ["/tools?access_token=\(good)", "/tools?token=\(good)"] {
            #expect(try await gateway.get(target).status == 401)
        }
        for headers in [
            ["Cookie": "access_token=\(good)"], ["X-Access-Token": good], ["Authorization": "Basic \(good)"],
            ["Authorization": "DPoP \(good)"], ["Authorization": good], ["Proxy-Authorization": "Bearer \(good)"],
        ] {
            #expect(try await gateway.get("/tools", headers: headers).status == 401, "\(headers.keys)")
        }
        // Longer than a head may be: not even looked at.
        let huge = try await gateway.get("/tools", headers: Bearer.headers(String(repeating: "e", count: 65_536)))
        #expect([401, 431].contains(huge.status))
        #expect(trap.requests.all.isEmpty, "no address of a token was asked")
        #expect(try await gateway.stop() == .code(0))
    }

    /// Guessing is slow: what an address shows after its share of wrong tokens is not looked at.
    @Test func wrongTokensOfAnAddressAreLookedAtInBoundedNumber() async throws {
        let provider = try Provider([.ed25519])
        let directory = try TemporaryDirectory()
        let path = try directory.write(provider.set(), to: "keys.json")
        let gateway = try await GatewayProcess.start(
            """
            [oauth]
            issuer = "\(Provider.issuer)"
            jwks_file = "\(path)"
            tenant = "acme"

            [limits]
            auth_failures_per_minute = 5

            [[tenants]]
            name = "acme"
            allow = ["*"]
            """, directory: directory)
        let good = Bearer.headers(try provider.token(for: gateway.port))
        let bad = Bearer.headers(try provider.token(for: gateway.port, .ed25519, [("aud", "x")]))
        for _ in 0..<5 {
            #expect(try await gateway.get("/tools", headers: good).status == 200)
            #expect(try await gateway.get("/tools", headers: bad).status == 401)
        }
        let reply = try await gateway.get("/tools", headers: good)
        #expect(reply.status == 401 && reply["Retry-After"] != nil && reply.text.contains("too many wrong"))
        #expect(try await gateway.admin("GET", "/tools").status == 200)
        #expect(try await gateway.stop() == .code(0))
    }
}
