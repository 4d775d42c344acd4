package import GateCrypto

/// Names a signing key: the first 16 hexadecimal digits of its SHA-256. It follows from the key, so no message can give a key another's name.
package struct KeyID: Sendable, Hashable, CustomStringConvertible {
    package let text: String

    package init(of key: VerificationKey) {
        text = String(Hex.encode(SHA256.hash(key.raw)).prefix(16))
    }

    package init?(_ text: String) {
        guard text.utf8.count == 16, Hex.decode(text.utf8) != nil else { return nil }
        self.text = text
    }

    package var description: String { text }
}
