import CCrypto
package import GateProtocol
import GateCore

/// A private key of a test's identity provider, made for it.
package final class TestKey: @unchecked Sendable {
    package enum Kind: String, Sendable {
        case rsa, p256, ed25519
    }

    package let kind: Kind
    package let id: String?
    private let key: OpaquePointer

    package init(_ kind: Kind, id: String?, bits: Int32 = 2_048) throws {
        self.kind = kind
        self.id = id
        let number: Int32 =
            switch kind {
            case .rsa: EVP_PKEY_RSA
            case .p256: EVP_PKEY_EC
            case .ed25519: EVP_PKEY_ED25519
            }
        guard let context = EVP_PKEY_CTX_new_id(number, nil) else { throw TestKitError("no context for \(kind)") }
        defer { EVP_PKEY_CTX_free(context) }
        var made: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1,
            kind != .rsa || EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits) == 1,
            kind != .p256 || EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1,
            EVP_PKEY_keygen(context, &made) == 1, let made
        else { throw TestKitError("no key of \(kind)") }
        key = made
    }

    deinit { EVP_PKEY_free(key) }

    package var algorithm: String { [Kind.rsa: "RS256", .p256: "ES256", .ed25519: "EdDSA"][kind] ?? "" }

    /// The public half as a provider publishes it, with members added.
    package func jwk(_ more: [(String, JSONValue)] = []) throws -> JSONValue {
        var members: [(String, JSONValue)] = [("use", "sig"), ("alg", .string(algorithm))]
        if let id { members.append(("kid", .string(id))) }
        func text(_ bytes: some Collection<UInt8>) -> JSONValue { .string(Base64.encodeURL(Array(bytes))) }
        switch kind {
        case .rsa: members += [("kty", "RSA"), ("n", text(try number("n"))), ("e", text(try number("e")))]
        case .p256:
            let point = try encoded()
            members += [
                ("kty", "EC"), ("crv", "P-256"), ("x", text(point[1..<33])), ("y", text(point[33...])),
            ]
        case .ed25519: members += [("kty", "OKP"), ("crv", "Ed25519"), ("x", text(try encoded()))]
        }
        var object = JSONObject(members)
        for (name, value) in more { object[name] = value }
        return .object(object)
    }

    /// A signature as JWS has it.
    package func sign(_ message: [UInt8]) throws -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { throw TestKitError("no context") }
        defer { EVP_MD_CTX_free(context) }
        var length = 2_048
        var signature = [UInt8](repeating: 0, count: length)
        guard EVP_DigestSignInit(context, nil, kind == .ed25519 ? nil : EVP_sha256(), nil, key) == 1,
            EVP_DigestSign(context, &signature, &length, message, message.count) == 1
        else { throw TestKitError("no signature") }
        signature = Array(signature.prefix(length))
        guard kind == .p256 else { return signature }
        // SEQUENCE { INTEGER, INTEGER }, all of it shorter than 128 bytes.
        var rest = signature.dropFirst(2)
        var raw: [UInt8] = []
        for _ in 0..<2 {
            let count = Int(rest[rest.startIndex + 1])
            let digits = rest.dropFirst(2).prefix(count).drop { $0 == 0 }
            raw += [UInt8](repeating: 0, count: 32 - digits.count) + digits
            rest = rest.dropFirst(2 + count)
        }
        return raw
    }

    private func encoded() throws -> [UInt8] {
        if kind == .ed25519 {
            var raw = [UInt8](repeating: 0, count: 32)
            var length = raw.count
            guard EVP_PKEY_get_raw_public_key(key, &raw, &length) == 1 else { throw TestKitError("no public key") }
            return raw
        }
        var buffer: UnsafeMutablePointer<UInt8>?
        let count = EVP_PKEY_get1_encoded_public_key(key, &buffer)
        guard let buffer, count > 0 else { throw TestKitError("no public key") }
        defer { CRYPTO_free(buffer, nil, 0) }
        return Array(UnsafeBufferPointer(start: buffer, count: count))
    }

    private func number(_ name: String) throws -> [UInt8] {
        var number: OpaquePointer?
        guard EVP_PKEY_get_bn_param(key, name, &number) == 1, let number else { throw TestKitError("no \(name)") }
        defer { BN_free(number) }
        var bytes = [UInt8](repeating: 0, count: Int(BN_num_bits(number) + 7) / 8)
        BN_bn2bin(number, &bytes)
        return bytes
    }

    /// HMAC-SHA256, for tokens that take a public key for a shared secret.
    package static func hmac(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &tag, &length)
        return tag
    }

    /// The public half as `SubjectPublicKeyInfo` in PEM.
    package func pem() throws -> String {
        var buffer: UnsafeMutablePointer<UInt8>?
        let count = i2d_PUBKEY(key, &buffer)
        guard let buffer, count > 0 else { throw TestKitError("no public key") }
        defer { CRYPTO_free(buffer, nil, 0) }
        let text = Base64.encode(Array(UnsafeBufferPointer(start: buffer, count: Int(count))))
        var lines = ["-----BEGIN PUBLIC KEY-----"]
        var rest = text[...]
        while !rest.isEmpty {
            lines.append(String(rest.prefix(64)))
            rest = rest.dropFirst(64)
        }
        return (lines + ["-----END PUBLIC KEY-----", ""]).joined(separator: "\n")
    }
}
