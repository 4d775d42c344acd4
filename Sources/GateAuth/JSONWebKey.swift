import GateCore
import GateCrypto
package import GateProtocol

/// A key of an identity provider that verifies tokens (RFC 7517).
package struct JSONWebKey: Sendable {
    /// Its name in the set; nil when it has none.
    package let id: String?
    let key: PublicKey
    /// SHA-256 of what it is: the same key under another name is the same key.
    package let thumbprint: [UInt8]

    package var algorithm: SignatureAlgorithm { key.algorithm }

    /// - Returns: nil for a key that verifies no tokens here: another kind, use or size, or one that is no public key.
    package init?(_ json: JSONValue) {
        guard json.objectValue != nil, let kind = json["kty"]?.stringValue else { return nil }
        if let use = json["use"], use.stringValue != "sig" { return nil }
        if let operations = json["key_ops"], operations.arrayValue?.contains("verify") != true { return nil }
        // A key of which the secret half was published is nobody's any more.
        if json["d"] != nil { return nil }
        func bytes(_ name: String) -> [UInt8]? { json[name]?.stringValue.flatMap { Base64.decodeURL($0.utf8) } }
        let made: PublicKey?
        let material: [UInt8]
        switch kind {
        case "RSA":
            guard let n = bytes("n"), let e = bytes("e"), n.count <= 1_024 + 1 else { return nil }
            made = .rsa(modulus: n, exponent: e)
            material = e + [0] + n
        case "EC":
            guard json["crv"] == "P-256", let x = bytes("x"), let y = bytes("y") else { return nil }
            made = .p256(x: x, y: y)
            material = x + y
        case "OKP":
            guard json["crv"] == "Ed25519", let x = bytes("x") else { return nil }
            made = .ed25519(x)
            material = x
        default: return nil
        }
        guard let made else { return nil }
        if let algorithm = json["alg"], algorithm.stringValue != made.algorithm.rawValue { return nil }
        if let id = json["kid"] {
            guard let text = id.stringValue, (1...JSONWebKey.maxIDBytes).contains(text.utf8.count) else { return nil }
            self.id = text
        } else {
            id = nil
        }
        key = made
        thumbprint = SHA256.hash(Array(made.algorithm.rawValue.utf8) + [0] + material)
    }

    static let maxIDBytes = 512
}
