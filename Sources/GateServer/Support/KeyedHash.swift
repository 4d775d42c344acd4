import CCrypto

/// HMAC-SHA256 with one key, from the system's OpenSSL. The key is worked into the hash once, so that a tag of a short message costs two
/// blocks of it and no allocation but the tag's.
struct KeyedHash: @unchecked Sendable {
    static let keyBytes = 32
    static let tagBytes = 32

    private var key = gate_hmac_key()

    /// - Returns: nil unless the key has ``keyBytes`` bytes.
    init?(key: [UInt8]) {
        guard key.count == KeyedHash.keyBytes else { return nil }
        gate_hmac_prepare(&self.key, key, key.count)
    }

    func tag(_ message: some Collection<UInt8>) -> [UInt8] {
        func tag(_ message: UnsafeBufferPointer<UInt8>) -> [UInt8] {
            [UInt8](unsafeUninitializedCapacity: KeyedHash.tagBytes) { tag, count in
                withUnsafePointer(to: key) { gate_hmac_tag($0, message.baseAddress, message.count, tag.baseAddress) }
                count = KeyedHash.tagBytes
            }
        }
        return message.withContiguousStorageIfAvailable(tag) ?? Array(message).withUnsafeBufferPointer(tag)
    }

    /// Whether both are the same bytes, in a time that does not tell where they differ.
    static func equal(_ left: [UInt8], _ right: ArraySlice<UInt8>) -> Bool {
        left.count == right.count && right.withUnsafeBytes { CRYPTO_memcmp(left, $0.baseAddress, $0.count) == 0 }
    }
}
