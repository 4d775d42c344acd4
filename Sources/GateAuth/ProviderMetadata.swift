import GateProtocol

/// Where a provider tells of itself (RFC 8414, OpenID Connect Discovery), and what is believed of it.
enum ProviderMetadata {
    /// Where to look, in this order.
    static func addresses(issuer: String) -> [String] {
        let bytes = Array(issuer.utf8)
        let slashes = bytes.indices.filter { bytes[$0] == UInt8(ascii: "/") }
        let end = slashes.count > 2 ? slashes[2] : bytes.count
        let origin = String(decoding: bytes[..<end], as: UTF8.self)
        // A slash at the end is not doubled.
        var path = String(decoding: bytes[end...], as: UTF8.self)
        if path.utf8.last == UInt8(ascii: "/") { path.removeLast() }
        let oauth = origin + "/.well-known/oauth-authorization-server" + path
        let inserted = origin + "/.well-known/openid-configuration" + path
        return path.isEmpty
            ? [oauth, inserted] : [oauth, inserted, origin + path + "/.well-known/openid-configuration"]
    }

    /// The address of the keys in such a document.
    static func keysAddress(_ document: [UInt8], issuer: String) throws(KeyFault) -> String {
        let limits = JSONLimits(depth: 16, nodes: 10_000, members: 1_000)
        guard let json = try? JSONValue(parsing: document, limits: limits), json.objectValue != nil else {
            throw KeyFault("is not the JSON of a provider's metadata")
        }
        guard let named = json["issuer"]?.stringValue, named.utf8.elementsEqual(issuer.utf8) else {
            throw KeyFault("is of another issuer than oauth.issuer, which has to be the same to the last byte")
        }
        guard let address = json["jwks_uri"]?.stringValue else { throw KeyFault("has no jwks_uri") }
        let isLocal = issuer.utf8.starts(with: "http://".utf8)
        guard isAddress(address, mayBeHTTP: isLocal) else {
            throw KeyFault("has a jwks_uri that is no https address")
        }
        return address
    }

    private static func isAddress(_ text: String, mayBeHTTP: Bool) -> Bool {
        let isSecure = text.utf8.starts(with: "https://".utf8)
        guard isSecure || (mayBeHTTP && text.utf8.starts(with: "http://".utf8)) else { return false }
        return text.utf8.count <= 2_048
            && text.utf8.allSatisfy {
                (0x21...0x7E).contains($0) && !"@#\\\"".utf8.contains($0)
            }
    }
}
