import CCrypto

/// How a token may be signed. Which of them a key verifies is the key's, never the token's to say.
package enum SignatureAlgorithm: String, Sendable, CaseIterable {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    case rs256 = "RS256"
    /// ECDSA on P-256 with SHA-256.
    case es256 = "ES256"
    /// Ed25519.
    case edDSA = "EdDSA"
}

/// A public key in OpenSSL's hands.
final class PublicKey: @unchecked Sendable {
    // Never changed after it was made; OpenSSL lets any number of threads verify with one key.
    private let key: OpaquePointer
    let algorithm: SignatureAlgorithm
    private let signatureBytes: Int

    static let rsaBits = 2_048...8_192

    /// - Returns: nil for a modulus of another size, or an exponent with which verifying is not safe or takes long.
    static func rsa(modulus: [UInt8], exponent: [UInt8]) -> PublicKey? {
        let modulus = Array(modulus.drop { $0 == 0 })
        let exponent = Array(exponent.drop { $0 == 0 })
        guard let first = modulus.first, let last = modulus.last, last & 1 == 1 else { return nil }
        let bits = modulus.count * 8 - first.leadingZeroBitCount
        guard rsaBits.contains(bits), (1...4).contains(exponent.count), let low = exponent.last, low & 1 == 1,
            exponent != [1]
        else { return nil }
        return PublicKey(DER.rsaPublicKey(modulus: modulus, exponent: exponent), .rs256, modulus.count)
    }

    /// - Returns: nil for a point that is not on the curve.
    static func p256(x: [UInt8], y: [UInt8]) -> PublicKey? {
        guard x.count == 32, y.count == 32 else { return nil }
        return PublicKey(DER.p256PublicKey(x: x, y: y), .es256, 64)
    }

    static func ed25519(_ raw: [UInt8]) -> PublicKey? {
        guard raw.count == 32, let key = EVP_PKEY_new_raw_public_key(NID_ED25519, nil, raw, raw.count) else {
            return nil
        }
        return PublicKey(taking: key, .edDSA, 64)
    }

    private convenience init?(_ info: [UInt8], _ algorithm: SignatureAlgorithm, _ signatureBytes: Int) {
        let key = info.withUnsafeBufferPointer { bytes in
            var cursor = bytes.baseAddress
            return d2i_PUBKEY(nil, &cursor, bytes.count)
        }
        guard let key else {
            ERR_clear_error()
            return nil
        }
        self.init(taking: key, algorithm, signatureBytes)
    }

    private init(taking key: OpaquePointer, _ algorithm: SignatureAlgorithm, _ signatureBytes: Int) {
        self.key = key
        self.algorithm = algorithm
        self.signatureBytes = signatureBytes
    }

    deinit { EVP_PKEY_free(key) }

    func verifies(_ signature: [UInt8], of message: some Collection<UInt8>) -> Bool {
        guard signature.count == signatureBytes, let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        let message = Array(message)
        let signature = algorithm == .es256 ? DER.ecdsaSignature(signature) : signature
        let digest = algorithm == .edDSA ? nil : EVP_sha256()
        let isGood =
            EVP_DigestVerifyInit(context, nil, digest, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
        // What failed is told by the return value; the thread's list of errors would only grow.
        if !isGood { ERR_clear_error() }
        return isGood
    }
}
