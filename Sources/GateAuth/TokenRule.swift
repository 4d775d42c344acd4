import GateProtocol

/// What a token must say to be for this gateway. The decision alone: claims and the time in, a verdict out.
package struct TokenRule: Sendable {
    /// The provider, byte for byte as its tokens name it.
    package var issuer: String
    /// What tokens must be for, byte for byte.
    package var audience: String
    /// The claim that names the sender's tenant; nil when tokens name none.
    package var tenantClaim: String?
    /// The claim that names the sender.
    package var agentClaim: String

    /// How far clocks may differ, in seconds. An expiry is not lengthened by it.
    package static let leeway = 60.0
    private static let maxAudiences = 64
    /// Nobody's clock: what lies beyond is no time. The year 2255 and later.
    private static let maxTime = 9.0e9

    package init(issuer: String, audience: String, tenantClaim: String? = nil, agentClaim: String = "sub") {
        self.issuer = issuer
        self.audience = audience
        self.tenantClaim = tenantClaim
        self.agentClaim = agentClaim
    }

    /// - Parameter now: seconds since 1970.
    func judge(_ claims: JSONObject, key: JSONWebKey, now: Int) throws(TokenFault) -> VerifiedToken {
        let expiry = try check(claims, now: now)
        return VerifiedToken(
            agent: claims[agentClaim]?.stringValue, tenant: tenantClaim.flatMap { claims[$0]?.stringValue },
            scopes: try TokenRule.scopes(claims), expiry: expiry, key: key.thumbprint)
    }

    /// - Returns: when the token ends, in seconds since 1970.
    func check(_ claims: JSONObject, now: Int) throws(TokenFault) -> Int {
        guard claims["iss"]?.stringValue?.utf8.elementsEqual(issuer.utf8) == true else { throw .wrongIssuer }
        guard isAudience(claims["aud"]) else { throw .wrongAudience }
        guard let expiry = try TokenRule.time("exp", claims) else { throw .noExpiry }
        guard Double(now) < expiry else { throw .expired }
        if let start = try TokenRule.time("nbf", claims), start > Double(now) + TokenRule.leeway { throw .notYetValid }
        if let issued = try TokenRule.time("iat", claims), issued > Double(now) + TokenRule.leeway {
            throw .issuedInFuture
        }
        return Int(expiry.rounded(.down))
    }

    private func isAudience(_ value: JSONValue?) -> Bool {
        if let one = value?.stringValue { return one.utf8.elementsEqual(audience.utf8) }
        guard let several = value?.arrayValue, several.count <= TokenRule.maxAudiences else { return false }
        let texts = several.compactMap(\.stringValue)
        return texts.count == several.count && texts.contains { $0.utf8.elementsEqual(audience.utf8) }
    }

    /// A NumericDate (RFC 7519, 2), which may have a fraction.
    private static func time(_ name: String, _ claims: JSONObject) throws(TokenFault) -> Double? {
        guard let value = claims[name] else { return nil }
        guard let time = value.doubleValue, (0...maxTime).contains(time) else { throw .badClaims }
        return time
    }

    /// `scope` as RFC 8693 has it, or `scp`, as some providers call it; each as words or as an array.
    private static func scopes(_ claims: JSONObject) throws(TokenFault) -> [String] {
        guard let value = claims["scope"] ?? claims["scp"] else { return [] }
        if let text = value.stringValue { return text.split(separator: " ").map(String.init) }
        let texts = value.arrayValue?.map(\.stringValue) ?? [nil]
        guard !texts.contains(nil) else { throw .badScope }
        return texts.compactMap(\.self)
    }
}

/// What is known from a token that was verified.
package struct VerifiedToken: Sendable, Equatable {
    /// The sender by the token; nil when it does not say.
    package let agent: String?
    /// The sender's tenant by the token; nil when it does not say, or is not asked.
    package let tenant: String?
    package let scopes: [String]
    /// When it ends, in seconds since 1970.
    package let expiry: Int
    /// The thumbprint of the key that it was verified with.
    package let key: [UInt8]

    /// Those of `required` that the token does not give.
    package func missing(of required: [String]) -> [String] {
        required.filter { wanted in !scopes.contains { $0.utf8.elementsEqual(wanted.utf8) } }
    }
}
