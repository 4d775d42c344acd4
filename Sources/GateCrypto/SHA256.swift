import CCrypto

/// SHA-256, from the system's OpenSSL.
package enum SHA256 {
    /// - Returns: 32 bytes.
    package static func hash(_ bytes: some Collection<UInt8>) -> [UInt8] {
        let input = Array(bytes)
        return [UInt8](unsafeUninitializedCapacity: 32) { digest, count in
            gate_sha256(input, input.count, digest.baseAddress)
            count = 32
        }
    }
}
