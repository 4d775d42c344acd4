/// Why a token is not accepted.
package enum TokenFault: Error, Sendable, Equatable, CaseIterable {
    case tooLong, notCompact, notBase64, badHeader, badClaims, refusedHeader, wrongType, refusedAlgorithm
    case unknownKey, wrongKind, badSignature
    case wrongIssuer, wrongAudience, noExpiry, expired, notYetValid, issuedInFuture, badScope

    /// One sentence for people and for `error_description`, which knows neither quotes nor backslashes (RFC 6750, 3).
    package var words: String {
        switch self {
        case .tooLong: "The token is longer than \(JSONWebToken.maxBytes) bytes."
        case .notCompact: "This is no token of stonegate and no signed JWT."
        case .notBase64: "The token is not in base64url without padding."
        case .badHeader: "The header of the token is not the JSON of one, or has a member twice."
        case .badClaims:
            "The claims of the token are not the JSON of some, or a member occurs twice or has the wrong kind."
        case .refusedHeader: "The header of the token has crit or b64, which is not supported."
        case .wrongType: "The typ of the token is neither at+jwt nor JWT."
        case .refusedAlgorithm: "The token is not signed with RS256, ES256 or EdDSA."
        case .unknownKey: "The token is signed with a key that the identity provider does not publish."
        case .wrongKind: "The alg of the token does not fit the key that its kid names."
        case .badSignature: "The signature of the token is wrong."
        case .wrongIssuer: "The token is of another issuer."
        case .wrongAudience: "The token is for another audience."
        case .noExpiry: "The token has no exp."
        case .expired: "The token has expired."
        case .notYetValid: "The token is not valid yet."
        case .issuedInFuture: "The token was issued in the future; compare the clocks."
        case .badScope: "The scope of the token is neither a string nor an array of strings."
        }
    }
}
