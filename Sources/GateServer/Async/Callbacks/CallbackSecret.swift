import GateCore

/// The secret with which callbacks are signed, in the form of Standard Webhooks: `whsec_` and 32 bytes in base64.
enum CallbackSecret {
    static let fileName = "callback.secret"
    private static let prefix = "whsec_"

    static func load(_ directory: StateDirectory) throws(StateDirectoryError) -> KeyedHash {
        let text = try SecretFile(
            name: fileName, holds: "secret", isValid: { key($0) != nil }, make: { make() }
        ).load(directory)
        guard let key = key(text) else {
            throw StateDirectoryError(description: "\(fileName) cannot be used", isBusy: false)
        }
        return key
    }

    private static func key(_ text: [UInt8]) -> KeyedHash? {
        guard text.starts(with: prefix.utf8) else { return nil }
        return Base64.decode(text.dropFirst(prefix.utf8.count)).flatMap { KeyedHash(key: $0) }
    }

    private static func make() -> [UInt8] {
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<KeyedHash.keyBytes).map { _ in UInt8.random(in: 0...255, using: &random) }
        return Array((prefix + Base64.encode(bytes)).utf8)
    }
}
