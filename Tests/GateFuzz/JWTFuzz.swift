import GateAuth

/// Tokens of an identity provider, and the key sets that it publishes.
enum JWTFuzz {
    private static let key =
        #"{"kty":"OKP","crv":"Ed25519","kid":"k","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
    private static let keys = try? KeySet(Array(#"{"keys":[\#(key)]}"#.utf8))
    private static let verifier = TokenVerifier(
        TokenRule(issuer: "https://id.example", audience: "https://gate.example/mcp", tenantClaim: "org"))

    static func check(_ input: [UInt8]) -> String? {
        guard let keys else { return "no keys" }
        // Nobody can have signed it.
        if case .verified = verifier.verify(input, keys: keys, now: 1_800_000_000) {
            return "a token was taken that nobody has signed"
        }
        // Without keys its claims are judged.
        if case .verified = verifier.verify(input, keys: nil, now: 1_800_000_000) { return "taken without a key" }
        guard let set = try? KeySet(input) else { return nil }
        guard set.keys.count <= KeySet.maxKeys, set.keys.allSatisfy({ $0.thumbprint.count == 32 }) else {
            return "more keys than may be, or one without a thumbprint"
        }
        _ = verifier.verify(input, keys: set, now: 1_800_000_000)
        return nil
    }
}
