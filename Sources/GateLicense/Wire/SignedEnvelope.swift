import GateCore
package import GateProtocol

/// A signed message as it travels and as it is stored: `{"kid","payload","sig"}`, both texts in base64url.
///
/// The payload is bytes until ``TrustedKeys`` has checked its signature; only then is it parsed. There is no member that names an
/// algorithm: it is Ed25519.
package struct SignedEnvelope: Sendable, Equatable {
    package let payload: [UInt8]
    package let kid: KeyID
    /// 64 bytes.
    package let signature: [UInt8]

    package init(payload: [UInt8], kid: KeyID, signature: [UInt8]) {
        self.payload = payload
        self.kid = kid
        self.signature = signature
    }

    package init(json: JSONValue) throws(WireError) {
        var reader = try WireReader(json, name: "envelope")
        payload = try reader.bytes("payload", 1...WireLimits.bytes)
        kid = try reader.value("kid") { KeyID($0) }
        signature = try reader.bytes("sig", 64...64)
        try reader.end()
    }

    package init(bytes: [UInt8]) throws(WireError) { try self.init(json: WireText.decode(bytes)) }

    package var json: JSONValue {
        [
            "kid": .string(kid.text), "payload": .string(Base64.encodeURL(payload)),
            "sig": .string(Base64.encodeURL(signature)),
        ]
    }

    package var bytes: [UInt8] { json.bytes }
}
