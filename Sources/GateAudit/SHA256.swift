import CCrypto

/// SHA-256, from the system's OpenSSL.
package enum SHA256 {
    /// - Returns: 32 bytes; nil when OpenSSL cannot compute it (out of memory).
    package static func hash(_ bytes: some Collection<UInt8>) -> [UInt8]? {
        let input = Array(bytes)
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        guard EVP_Digest(input, input.count, &digest, &length, EVP_sha256(), nil) == 1, length == 32 else { return nil }
        return digest
    }
}
