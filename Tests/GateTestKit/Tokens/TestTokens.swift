import GateCore
package import GateProtocol

/// Tokens as a test wants them, right or wrong.
package enum TestTokens {
    /// A token from its header and claims, both as they are to be sent.
    package static func sign(header: String, claims: String, with key: TestKey) throws -> String {
        let signed = text(header) + "." + text(claims)
        return signed + "." + Base64.encodeURL(try key.sign(Array(signed.utf8)))
    }

    /// A token as a provider makes it, with members of the header and claims changed, added, or (with nil) left out.
    package static func make(
        _ key: TestKey, _ claims: [(String, JSONValue)], header more: [(String, JSONValue?)] = [],
        changing changes: [(String, JSONValue?)] = []
    ) throws -> String {
        var header = JSONObject([("alg", .string(key.algorithm)), ("typ", "at+jwt")])
        if let id = key.id { header["kid"] = .string(id) }
        for (name, value) in more { header[name] = value }
        var object = JSONObject(claims)
        for (name, value) in changes { object[name] = value }
        return try sign(header: JSONValue.object(header).text, claims: JSONValue.object(object).text, with: key)
    }

    /// A key set in JSON.
    package static func set(_ keys: [JSONValue]) -> String {
        JSONValue.object(JSONObject([("keys", .array(keys))])).text
    }

    /// base64url.
    package static func text(_ plain: String) -> String { Base64.encodeURL(Array(plain.utf8)) }
}
