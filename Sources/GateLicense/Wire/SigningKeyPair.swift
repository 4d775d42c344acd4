package import GateCrypto

/// A key of an authority with its name.
package struct SigningKeyPair: Sendable {
    package let kid: KeyID
    package var verification: VerificationKey { key.verification }
    private let key: SigningKey

    package init(_ key: SigningKey) {
        self.key = key
        kid = KeyID(of: key.verification)
    }

    /// - Throws: ``WireError/keyMismatch`` when the message names another key; ``WireError/tooLong(_:)`` when nobody would read it.
    package func seal<Message: SignedMessage>(_ message: Message) throws(WireError) -> SignedEnvelope {
        guard message.kid == kid else { throw .keyMismatch }
        let payload = try CanonicalJSON.encode(message.json)
        guard let signature = key.sign(Message.kind.signedBytes(payload)) else { throw .cannotSign }
        let envelope = SignedEnvelope(payload: payload, kid: kid, signature: signature)
        guard envelope.bytes.count <= WireLimits.bytes else { throw .tooLong(envelope.bytes.count) }
        return envelope
    }
}
