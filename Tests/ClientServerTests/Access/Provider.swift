import Foundation
import GateProtocol
import GateTestKit

/// An identity provider's keys and the tokens it makes for a gateway.
struct Provider: Sendable {
    static let issuer = "https://id.example"

    let keys: [TestKey]
    var issuer = Provider.issuer

    init(keys: [TestKey]) { self.keys = keys }

    /// One key of each kind, by the names of the kinds.
    init(_ kinds: [TestKey.Kind] = [.rsa, .p256, .ed25519]) throws {
        keys = try kinds.map { try TestKey($0, id: $0.rawValue) }
    }

    func set() throws -> String { TestTokens.set(try keys.map { try $0.jwk() }) }

    /// Seconds since 1970.
    static var now: Int { Int(Date().timeIntervalSince1970) }

    func claims(_ sub: String, for port: UInt16) -> [(String, JSONValue)] {
        [
            ("iss", .string(issuer)), ("aud", .string("http://127.0.0.1:\(port)/mcp")), ("sub", .string(sub)),
            ("iat", .init(Self.now)), ("exp", .init(Self.now + 600)), ("scope", "mcp:use other"), ("org", "acme"),
        ]
    }

    func token(
        _ sub: String = "ann", for port: UInt16, _ kind: TestKey.Kind = .ed25519, _ changes: [(String, JSONValue?)] = []
    ) throws -> String {
        guard let key = keys.first(where: { $0.kind == kind }) else { throw TestKitError("no key of \(kind)") }
        return try TestTokens.make(key, claims(sub, for: port), changing: changes)
    }
}

enum Bearer {
    static func headers(_ token: String) -> [String: String] { ["Authorization": "Bearer \(token)"] }
}
