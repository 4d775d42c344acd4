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

    /// A new key, and the seed to keep.
    package static func make(using generator: inout some RandomNumberGenerator) -> (seed: [UInt8], key: SigningKey)? {
        let seed = (0..<bytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        return SigningKey(seed: seed).map { (seed, $0) }
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

extension SigningKey: CustomStringConvertible, CustomReflectable {
    package var description: String { "SigningKey(***)" }
    package var customMirror: Mirror { Mirror(reflecting: description) }
}
