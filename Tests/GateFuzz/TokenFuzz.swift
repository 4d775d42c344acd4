import GateAuth
import GateCore

/// Tokens that strangers send, and what a provider answers. The keys are those of RFC 7515 and RFC 8037.
enum TokenFuzz {
    private static let set = """
        {"keys":[{"kty":"EC","crv":"P-256","kid":"e","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",\
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},\
        {"kty":"OKP","crv":"Ed25519","kid":"d","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}
        """
    private static let keys = try? KeySet(Array(set.utf8))
    private static let verifier = TokenVerifier(TokenRule(issuer: "i", audience: "a", tenantClaim: "org"))

    static func check(_ input: [UInt8]) -> String? {
        guard let keys else { return "no keys" }
        _ = try? KeySet(input)
        // As it is, and as header and claims that are encoded well: what is behind the encoding is read, too.
        let parts = input.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        let signature = [UInt8](repeating: 1, count: 64)
        let made = (parts.map { Array($0) } + [signature]).map { Base64.encodeURL($0) }.joined(separator: ".")
        for token in [input, Array(made.utf8)] {
            if case .verified = verifier.verify(token, keys: keys, now: 1_000) {
                return "a token was taken that nobody has signed"
            }
        }
        return nil
    }
}
