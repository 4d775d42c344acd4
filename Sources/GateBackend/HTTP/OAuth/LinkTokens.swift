import GateCurl

/// What the links do with access tokens; without any, nothing.
struct LinkTokens: Sendable {
    let tokens: AccessTokens?

    /// The request with a token, as soon as there is one.
    /// - Parameter send: on another thread when the token had to be fetched.
    func authorize(
        _ request: CurlRequest, _ send: @escaping @Sendable (Result<(CurlRequest, AccessToken?), LinkFailure>) -> Void
    ) {
        guard let tokens else { return send(.success((request, nil))) }
        tokens.use { result in
            send(
                result.map { token in
                    var request = request
                    request.headers.append(("Authorization", token.authorization))
                    return (request, token)
                }.mapError { LinkFailure(.noToken(retryAfter: $0.retryAfter), $0.reason, sent: false) })
        }
    }

    /// Looks at what a request with a token was answered with.
    func answered(_ status: Int, _ token: AccessToken?) {
        if status == 401, let token { tokens?.refused(token) }
    }
}
