/// Tokens that were verified, so that a token costs its signature once. By a digest: the token itself is kept nowhere.
///
/// Bounded by forgetting: when the younger half is full it becomes the older one, and what was in that is gone unless it was used since.
package struct VerifiedTokens<Digest: Hashable & Sendable>: Sendable {
    private var young: [Digest: VerifiedToken] = [:]
    private var old: [Digest: VerifiedToken] = [:]
    private let half: Int

    package init(capacity: Int) { half = max(1, capacity / 2) }

    package var count: Int { young.count + old.count }

    /// - Parameter now: seconds since 1970.
    /// - Returns: nil for a token that is not known, or has expired.
    package mutating func find(_ digest: Digest, now: Int) -> VerifiedToken? {
        if let token = young[digest] { return now < token.expiry ? token : nil }
        guard let token = old.removeValue(forKey: digest), now < token.expiry else { return nil }
        keep(token, digest)
        return token
    }

    package mutating func keep(_ token: VerifiedToken, _ digest: Digest) {
        if young.count >= half {
            old = young
            young = [:]
        }
        young[digest] = token
    }
}
