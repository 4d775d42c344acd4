package import GateProtocol

/// What clients are told of this gateway as an OAuth resource (RFC 9728), and how a refusal sends them there (RFC 6750).
package struct ProtectedResource: Sendable {
    package static let wellKnown = "/.well-known/oauth-protected-resource"

    package let resource: String
    package let issuer: String
    package let scopes: [String]

    package init(resource: String, issuer: String, scopes: [String]) {
        self.resource = resource
        self.issuer = issuer
        self.scopes = scopes
    }

    /// The document.
    package var json: JSONValue {
        var object = JSONObject([
            ("resource", .string(resource)), ("authorization_servers", [.string(issuer)]),
            ("bearer_methods_supported", ["header"]), ("resource_name", "stonegate"),
        ])
        if !scopes.isEmpty { object["scopes_supported"] = .array(scopes.map { .string($0) }) }
        return .object(object)
    }

    /// Where clients find it: the well-known path goes between host and path (RFC 9728, 3.1).
    package var metadataURL: String {
        let bytes = Array(resource.utf8)
        let marks = bytes.indices.filter { bytes[$0] == UInt8(ascii: "/") }
        let end = marks.count > 2 ? marks[2] : bytes.count
        var path = bytes[end...]
        if path.elementsEqual("/".utf8) { path = [] }
        return String(decoding: bytes[..<end], as: UTF8.self) + ProtectedResource.wellKnown
            + String(decoding: path, as: UTF8.self)
    }

    /// Why a request gets no further.
    package enum Refusal: Sendable, Equatable {
        /// It shows no credential.
        case missing
        case invalid(TokenFault?)
        case insufficientScope
    }

    /// The value of `WWW-Authenticate`.
    package func challenge(_ refusal: Refusal) -> String {
        var text = "Bearer realm=\"stonegate\", resource_metadata=\"\(metadataURL)\""
        switch refusal {
        case .missing: break
        case .invalid(let fault):
            text += ", error=\"invalid_token\""
            if let fault { text += ", error_description=\"\(fault.words)\"" }
        case .insufficientScope: text += ", error=\"insufficient_scope\""
        }
        if !scopes.isEmpty { text += ", scope=\"\(scopes.joined(separator: " "))\"" }
        return text
    }
}
