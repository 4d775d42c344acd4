import GateCurl
import GateProtocol

/// Reads the answer of a token server (RFC 6749, 5.1 and 5.2).
enum TokenReply {
    struct Grant: Equatable {
        var authorization: String
        var lifetime: Duration
    }

    /// Of a token that does not say how long it is good for.
    static let defaultLifetime = Duration.seconds(300)
    private static let maxTokenBytes = 16_384
    /// Nothing else that stands in `error` is repeated.
    private static let knownErrors: Set<String> = [
        "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
        "invalid_scope", "invalid_target", "access_denied", "server_error", "temporarily_unavailable",
    ]

    static func read(status: Int, body: [UInt8]) throws(TokenFailure) -> Grant {
        let json = try? JSONValue(parsing: body)
        guard (200..<300).contains(status) else {
            if (300..<400).contains(status) {
                throw TokenFailure("it redirects (HTTP \(status)), and redirects are not followed")
            }
            let code = json?["error"]?.stringValue.flatMap { knownErrors.contains($0) ? ": \($0)" : nil } ?? ""
            throw TokenFailure("it answered HTTP \(status)\(code)")
        }
        guard let json, json.objectValue != nil else { throw TokenFailure("its answer is no JSON object") }
        guard let token = json["access_token"]?.stringValue else {
            throw TokenFailure("its answer has no access token")
        }
        // RFC 6750, 2.1: `Bearer` and a b64token. Other schemes need more than a header.
        guard json["token_type"]?.stringValue.map(isBearer) ?? true else {
            throw TokenFailure("its token is of another type than Bearer")
        }
        guard (1...maxTokenBytes).contains(token.utf8.count), token.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw TokenFailure("its token cannot stand in a header")
        }
        return Grant(authorization: "Bearer " + token, lifetime: lifetime(json["expires_in"]))
    }

    private static func isBearer(_ type: String) -> Bool {
        type.utf8.map { $0 | 0x20 }.elementsEqual("bearer".utf8)
    }

    /// A second to a day, whatever it says. Some servers write the number as a string.
    private static func lifetime(_ value: JSONValue?) -> Duration {
        guard let seconds = value?.intValue ?? value?.stringValue.flatMap({ Int($0) }) else { return defaultLifetime }
        return .seconds(min(max(seconds, 1), 86_400))
    }
}
