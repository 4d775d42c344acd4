import GateCore
import GateProtocol

/// A signed token in compact form (RFC 7515, 7.1), taken apart and not yet believed.
struct JSONWebToken {
    static let maxBytes = 8_192

    let algorithm: SignatureAlgorithm
    let keyID: String?
    let claims: JSONObject
    let signature: [UInt8]
    /// The bytes that are signed: header and claims as they were sent.
    let signed: ArraySlice<UInt8>

    init(_ token: [UInt8]) throws(TokenFault) {
        guard token.count <= JSONWebToken.maxBytes else { throw .tooLong }
        let parts = token.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        // Two parts are no signed token, five an encrypted one. An empty signature is that of `none`.
        guard parts.count == 3, !parts[0].isEmpty, !parts[1].isEmpty else { throw .notCompact }
        guard let header = Base64.decodeURL(parts[0]), let payload = Base64.decodeURL(parts[1]),
            let signature = Base64.decodeURL(parts[2])
        else { throw .notBase64 }
        (algorithm, keyID) = try JSONWebToken.read(header: header)
        let limits = JSONLimits(depth: 16, nodes: 1_000, members: 1_000)
        guard let claims = (try? JSONValue(parsing: payload, limits: limits))?.objectValue else { throw .badClaims }
        self.claims = claims
        self.signature = signature
        signed = token[token.startIndex..<parts[1].endIndex]
    }

    /// `jwk`, `jku`, `x5u` and `x5c` are not looked at: a key is the provider's because the provider publishes it.
    private static func read(header: [UInt8]) throws(TokenFault) -> (SignatureAlgorithm, String?) {
        let limits = JSONLimits(depth: 4, nodes: 200, members: 200)
        guard let header = (try? JSONValue(parsing: header, limits: limits))?.objectValue else { throw .badHeader }
        guard header["crit"] == nil, header["b64"] == nil else { throw .refusedHeader }
        if let type = header["typ"] {
            guard let text = type.stringValue, isTokenType(text) else { throw .wrongType }
        }
        guard let name = header["alg"]?.stringValue,
            let algorithm = SignatureAlgorithm.allCases.first(where: { $0.rawValue.utf8.elementsEqual(name.utf8) })
        else { throw .refusedAlgorithm }
        guard let id = header["kid"] else { return (algorithm, nil) }
        guard let text = id.stringValue, (1...JSONWebKey.maxIDBytes).contains(text.utf8.count) else { throw .badHeader }
        return (algorithm, text)
    }

    /// Access tokens (RFC 9068, 2.1), and the name that tokens had before. Media types are compared without regard to case.
    private static func isTokenType(_ text: String) -> Bool {
        let lowered = text.utf8.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
        return ["at+jwt", "application/at+jwt", "jwt"].contains { lowered.elementsEqual($0.utf8) }
    }
}
