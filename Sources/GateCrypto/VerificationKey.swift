import CCrypto

/// The public half of a ``SigningKey``.
///
/// Stricter than RFC 8032 demands: one signature for each message and key that its owner can make, and none that holds for every message.
package struct VerificationKey: Sendable, Hashable {
    package static let signatureBytes = 64
    /// 32 bytes.
    package let raw: [UInt8]

    /// - Returns: nil for other than 32 bytes, for a point of small order (under which one signature fits many messages), and for
    ///   a second spelling of a point.
    package init?(_ raw: [UInt8]) {
        guard raw.count == 32, Ed25519Bounds.isCanonicalPoint(raw), !Ed25519Bounds.isSmallOrder(raw) else { return nil }
        self.raw = raw
    }

    /// As it stands in `audit.pub` and in the records: 64 hexadecimal digits.
    package var text: String { Hex.encode(raw) }

    package func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        guard signature.count == VerificationKey.signatureBytes,
            Ed25519Bounds.isReducedScalar(signature.suffix(32)),
            Ed25519Bounds.isCanonicalPoint(signature.prefix(32)), !Ed25519Bounds.isSmallOrder(signature.prefix(32)),
            let key = EVP_PKEY_new_raw_public_key(NID_ED25519, nil, raw, raw.count)
        else { return false }
        defer { EVP_PKEY_free(key) }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
