package import GateCrypto

/// Whose signatures count: the keys of one authority, oldest first. The first is the active one, those behind it may take over.
///
/// A value: what changes it (a rotation, a message of a later key) gives a new one, to be kept together with what came with it.
package struct TrustedKeys: Sendable, Equatable {
    /// Most keys that a configuration may name.
    package static let maximum = 8
    private static let maximumRetired = 64

    /// Good for everything.
    package private(set) var keys: [VerificationKey]
    /// Good for nothing new; what the instance itself has kept may still be read with them.
    package private(set) var retired: [VerificationKey] = []

    /// - Parameter pinned: as they stand in the configuration or are built in.
    package init(_ pinned: [VerificationKey]) {
        keys = []
        for key in pinned.prefix(TrustedKeys.maximum) where !keys.contains(key) { keys.append(key) }
    }

    /// Checks a message and reads it: first the signature over the bytes that came, then the bytes.
    ///
    /// - Parameter kept: true for what this instance has stored itself; keys that have been replaced since count for it.
    package func open<Message: SignedMessage>(
        _ envelope: SignedEnvelope, as type: Message.Type = Message.self, kept: Bool = false
    ) throws(WireError) -> Message {
        let candidates = kept ? keys + retired : keys
        guard let key = candidates.first(where: { KeyID(of: $0) == envelope.kid }) else {
            throw .untrustedKey(envelope.kid)
        }
        guard envelope.payload.count <= WireLimits.bytes else { throw .tooLong(envelope.payload.count) }
        guard key.verifies(envelope.signature, of: Message.kind.signedBytes(envelope.payload)) else {
            throw .badSignature
        }
        let message = try Message(json: CanonicalJSON.decode(envelope.payload))
        guard message.kid == envelope.kid else { throw .keyMismatch }
        return message
    }

    /// These keys after rotations, oldest first. One that does not fit (not signed by a key that is trusted, or back to one that is done
    /// with) changes nothing.
    package func applying(_ rotations: [SignedEnvelope]) -> TrustedKeys {
        var trusted = self
        for envelope in rotations.prefix(Delivery.maximumRotations) {
            guard let rotation = try? trusted.open(envelope, as: KeyRotation.self) else { continue }
            trusted.apply(rotation)
        }
        return trusted
    }

    /// These keys after a message of this key was accepted: those before it are done with.
    package func advanced(to kid: KeyID) -> TrustedKeys {
        guard let index = keys.firstIndex(where: { KeyID(of: $0) == kid }) else { return self }
        var trusted = self
        trusted.retire(trusted.keys.prefix(index))
        trusted.keys.removeFirst(index)
        return trusted
    }

    private mutating func apply(_ rotation: KeyRotation) {
        let made = [rotation.active, rotation.next]
        guard !made.contains(where: { retired.contains($0) || KeyID(of: $0) == rotation.kid }) else { return }
        retire(keys.filter { !made.contains($0) })
        keys = made
    }

    private mutating func retire(_ done: some Collection<VerificationKey>) {
        for key in done where !retired.contains(key) { retired.append(key) }
        retired.removeFirst(max(0, retired.count - TrustedKeys.maximumRetired))
    }
}
