import CCrypto

/// HMAC-SHA256 with one key, from the system's OpenSSL.
struct KeyedHash: Sendable {
    static let keyBytes = 32
    static let tagBytes = 32

    private let key: [UInt8]

    /// - Returns: nil unless the key has ``keyBytes`` bytes.
    init?(key: [UInt8]) {
        guard key.count == KeyedHash.keyBytes else { return nil }
        self.key = key
    }

    /// - Returns: nil when OpenSSL cannot compute it (out of memory).
    func tag(_ message: some Collection<UInt8>) -> [UInt8]? {
        let message = Array(message)
        var tag = [UInt8](repeating: 0, count: KeyedHash.tagBytes)
        var length: UInt32 = 0
        let made = HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &tag, &length)
        return made != nil && length == UInt32(KeyedHash.tagBytes) ? tag : nil
    }

    /// Whether both are the same bytes, in a time that does not tell where they differ.
    static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }
}
