/// Finds out whether a token is genuine and for this gateway. Computes and does not wait; the keys are an input.
package struct TokenVerifier: Sendable {
    package enum Verdict: Sendable, Equatable {
        case verified(VerifiedToken)
        /// Its key is not among those given; everything that can be judged without it is right. Newer keys may have it.
        case unknownKey
        case refused(TokenFault)
    }

    package let rule: TokenRule

    package init(_ rule: TokenRule) { self.rule = rule }

    /// - Parameters:
    ///   - keys: nil when none are known.
    ///   - now: seconds since 1970.
    package func verify(_ token: some Collection<UInt8>, keys: KeySet?, now: Int) -> Verdict {
        do throws(TokenFault) {
            // Before the copy: what is too long is not looked at.
            guard token.count <= JSONWebToken.maxBytes else { throw .tooLong }
            let token = try JSONWebToken(Array(token))
            guard let keys, let key = keys.key(id: token.keyID, token.algorithm) else {
                if let keys, token.keyID != nil, keys.hasKey(id: token.keyID) { throw .wrongKind }
                // Not worth a look at the provider's keys if it could not be accepted anyway.
                _ = try rule.check(token.claims, now: now)
                return .unknownKey
            }
            guard key.key.verifies(token.signature, of: token.signed) else { throw .badSignature }
            return .verified(try rule.judge(token.claims, key: key, now: now))
        } catch {
            return .refused(error)
        }
    }
}
