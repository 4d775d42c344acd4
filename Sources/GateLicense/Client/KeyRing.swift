package import GateCrypto

/// Whose messages count: the vendor's keys and those of the operator's own authority, each with what it has said of its later keys.
///
/// A value: what an accepted message changes is a new ring, to be kept together with what came in the message.
package struct KeyRing: Sendable, Equatable {
    private static let mostRotations = 64

    /// One element for each authority that has keys.
    private var authorities: [TrustedKeys]
    /// Rotations that counted, in their order, so that the ring can be made again from what is pinned.
    package private(set) var rotations: [SignedEnvelope] = []
    /// Keys whose messages were accepted, the newest last.
    package private(set) var used: [KeyID] = []

    /// - Parameter pinned: the keys of each authority, oldest first.
    package init(pinned: [[VerificationKey]]) {
        authorities = pinned.filter { !$0.isEmpty }.map { TrustedKeys($0) }
    }

    /// The ring as it was kept, made from what is pinned now: who takes a key out of the configuration takes out what it vouched for.
    package init(pinned: [[VerificationKey]], rotations: [SignedEnvelope], used: [KeyID]) {
        self.init(pinned: pinned)
        for rotation in rotations.suffix(KeyRing.mostRotations) { apply([rotation]) }
        for kid in used.suffix(KeyRing.mostRotations) { accepted(kid) }
    }

    package var isEmpty: Bool { authorities.isEmpty }

    /// Opens a server's answer.
    /// - Returns: the message, and the ring once it is accepted.
    package func open<Message: SignedMessage>(
        _ delivery: Delivery, as type: Message.Type
    ) throws(WireError) -> (message: Message, ring: KeyRing) {
        var ring = self
        ring.apply(delivery.rotations)
        let message = try ring.open(delivery.message, as: type)
        ring.accepted(delivery.message.kid)
        return (message, ring)
    }

    /// - Parameter kept: true for what this installation has stored itself.
    package func open<Message: SignedMessage>(
        _ envelope: SignedEnvelope, as type: Message.Type, kept: Bool = false
    ) throws(WireError) -> Message {
        var failure = WireError.untrustedKey(envelope.kid)
        for authority in authorities {
            do throws(WireError) {
                return try authority.open(envelope, as: type, kept: kept)
            } catch {
                // Another authority's: what its own says is the reason.
                if error != .untrustedKey(envelope.kid) { failure = error }
            }
        }
        throw failure
    }

    private mutating func apply(_ new: [SignedEnvelope]) {
        for rotation in new.prefix(Delivery.maximumRotations) {
            let changed = authorities.map { $0.applying([rotation]) }
            guard changed != authorities else { continue }
            authorities = changed
            rotations.append(rotation)
        }
        rotations.removeFirst(max(0, rotations.count - KeyRing.mostRotations))
    }

    private mutating func accepted(_ kid: KeyID) {
        authorities = authorities.map { $0.advanced(to: kid) }
        used.removeAll { $0 == kid }
        used.append(kid)
        used.removeFirst(max(0, used.count - KeyRing.mostRotations))
    }
}
