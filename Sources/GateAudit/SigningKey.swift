import CCrypto

/// An Ed25519 key (RFC 8032), from the system's OpenSSL.
package struct SigningKey: Sendable {
    package static let bytes = 32
    private let seed: [UInt8]
    /// What verifies the signatures.
    package let verification: VerificationKey

    /// - Parameter seed: 32 secret bytes at random.
    /// - Returns: nil for another number of bytes.
    package init?(seed: [UInt8]) {
        guard seed.count == SigningKey.bytes,
            let key = EVP_PKEY_new_raw_private_key(NID_ED25519, nil, seed, seed.count)
        else { return nil }
        defer { EVP_PKEY_free(key) }
        var raw = [UInt8](repeating: 0, count: 32)
        var length = raw.count
        guard EVP_PKEY_get_raw_public_key(key, &raw, &length) == 1, let known = VerificationKey(raw) else { return nil }
        self.seed = seed
        verification = known
    }

    /// - Returns: 64 bytes; nil when OpenSSL cannot sign (out of memory).
    package func sign(_ message: [UInt8]) -> [UInt8]? {
        guard let key = EVP_PKEY_new_raw_private_key(NID_ED25519, nil, seed, seed.count) else { return nil }
        defer { EVP_PKEY_free(key) }
        guard let context = EVP_MD_CTX_new() else { return nil }
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 64)
        var length = signature.count
        guard EVP_DigestSignInit(context, nil, nil, nil, key) == 1,
            EVP_DigestSign(context, &signature, &length, message, message.count) == 1, length == 64
        else { return nil }
        return signature
    }
}

/// The public half of a ``SigningKey``.
package struct VerificationKey: Sendable, Equatable {
    /// 32 bytes.
    package let raw: [UInt8]

    package init?(_ raw: [UInt8]) {
        guard raw.count == 32 else { return nil }
        self.raw = raw
    }

    /// As it stands in `audit.pub` and in the records: 64 hexadecimal digits.
    package var text: String { Hex.encode(raw) }

    package func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        guard signature.count == 64, let key = EVP_PKEY_new_raw_public_key(NID_ED25519, nil, raw, raw.count) else {
            return false
        }
        defer { EVP_PKEY_free(key) }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
