import GateCore
import GateCurl
import GateProtocol

/// Who asks for access tokens, where and for what: the client credentials grant (RFC 6749, 4.4).
package struct OAuthClient: Sendable {
    package enum AuthMethod: Sendable { case basic, post }

    package var tokenURL: String
    /// The same without what must not be shown.
    package var shownURL: String
    package var id: String
    package var secret: String
    package var scopes: [String] = []
    package var audience: String?
    package var resource: String?
    package var authMethod = AuthMethod.basic
    package var caFile: String?
    /// Where the token server may be.
    package var addresses = AddressPolicy(.configured)

    package init(tokenURL: String, shownURL: String, id: String, secret: String) {
        self.tokenURL = tokenURL
        self.shownURL = shownURL
        self.id = id
        self.secret = secret
    }

    /// Time for the whole exchange, and bytes of the answer.
    static let timeout = Duration.seconds(10)
    static let maxReplyBytes = 65_536

    /// The request for a token.
    var request: CurlRequest {
        var fields = [("grant_type", "client_credentials")]
        if !scopes.isEmpty { fields.append(("scope", scopes.joined(separator: " "))) }
        if let audience { fields.append(("audience", audience)) }
        if let resource { fields.append(("resource", resource)) }
        var headers = [("Accept", "application/json"), ("Content-Type", "application/x-www-form-urlencoded")]
        switch authMethod {
        case .basic:
            let pair = PercentEncoding.encodeForm(id) + ":" + PercentEncoding.encodeForm(secret)
            headers.append(("Authorization", "Basic " + Base64.encode(Array(pair.utf8))))
        case .post: fields += [("client_id", id), ("client_secret", secret)]
        }
        let body = fields.map { PercentEncoding.encodeForm($0.0) + "=" + PercentEncoding.encodeForm($0.1) }.joined(
            separator: "&")
        var request = CurlRequest(method: "POST", url: tokenURL, headers: headers, body: Array(body.utf8))
        request.totalTimeout = Self.timeout
        request.connectTimeout = Self.timeout
        request.maxResponseBytes = Self.maxReplyBytes
        request.allowedAddress = { [addresses] in addresses.permits($0) }
        request.tls.caFile = caFile
        return request
    }
}

extension OAuthClient: CustomStringConvertible, CustomReflectable {
    package var description: String { "client of \(shownURL)" }
    package var customMirror: Mirror { Mirror(reflecting: description) }
}
