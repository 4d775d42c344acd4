package import GateCrypto
package import GateProtocol

/// An authority goes over to another key: signed with one that was trusted until now.
package struct KeyRotation: SignedMessage {
    package static let kind = MessageKind.keyRotation

    /// The key that signs this and that is done with it.
    package var kid: KeyID
    package var active: VerificationKey
    /// The key after ``active``, which may take over without a word when ``active`` is lost.
    package var next: VerificationKey
    package var issuedAt: Int

    package init(kid: KeyID, active: VerificationKey, next: VerificationKey, issuedAt: Int) {
        self.kid = kid
        self.active = active
        self.next = next
        self.issuedAt = issuedAt
    }

    package init(json: JSONValue) throws(WireError) {
        var reader = try WireReader(json)
        try reader.version()
        kid = try reader.value("kid") { KeyID($0) }
        active = try reader.value("active") { VerificationKey(licenseText: $0) }
        next = try reader.value("next") { VerificationKey(licenseText: $0) }
        issuedAt = try reader.time("issued_at")
        try reader.end()
        guard active != next else { throw .badMember("next") }
    }

    package var json: JSONValue {
        [
            "v": JSONValue(WireLimits.version), "kid": .string(kid.text), "active": .string(active.licenseText),
            "next": .string(next.licenseText), "issued_at": JSONValue(issuedAt),
        ]
    }
}

extension VerificationKey {
    private static let prefix = "ed25519:"

    /// As it stands in `[license] trusted_keys`: `ed25519:` and 64 hexadecimal digits.
    package var licenseText: String { VerificationKey.prefix + text }

    /// Reads ``licenseText``; nil for anything else, and for keys that no honest authority has.
    package init?(licenseText: String) {
        guard licenseText.hasPrefix(VerificationKey.prefix),
            let raw = Hex.decode(licenseText.utf8.dropFirst(VerificationKey.prefix.utf8.count))
        else { return nil }
        self.init(raw)
    }
}
