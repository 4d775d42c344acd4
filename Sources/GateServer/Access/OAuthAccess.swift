import GateAuth
package import GateConfig
import GateCore
package import Logging
import Synchronization

/// Tokens of the identity provider: what they are worth, and the keys to tell.
package final class OAuthAccess: Sendable {
    /// What a token is worth, apart from whom it lets in as.
    enum Verdict {
        case verified(VerifiedToken)
        /// Its key has to be asked for first.
        case undecided
        case refused(TokenFault)
        /// As refused, but the provider may be asked again after this time.
        case unknownKey(Duration)
        /// Nothing can be verified: there are no keys.
        case unavailable(Duration)
    }

    let resource: ProtectedResource
    let settings: GatewayConfig.OAuth
    let keys: KeyStore
    private let verifier: TokenVerifier
    private let known = Mutex(VerifiedTokens<TokenDigest>(capacity: 8_192))
    private let onStop: @Sendable () async -> Void

    /// - Returns: nil when the configuration names no provider.
    /// - Throws: when its file of keys is none.
    package static func open(_ config: GatewayConfig, _ logger: Logger) throws -> OAuthAccess? {
        guard let issuer = config.oauth.issuer else { return nil }
        let onAnswer = report(issuer, logger)
        if let path = config.oauth.jwksFile {
            let file = KeyFile(path: path)
            let known = try keys(file)
            let keys = KeyStore(known: known, period: KeyFile.period, ask: file.ask, onAnswer: onAnswer)
            return OAuthAccess(config, issuer, keys) {}
        }
        let provider = try KeyProvider(issuer: issuer, keysURL: config.oauth.jwksURL, caFile: config.oauth.caFile)
        let keys = KeyStore(known: nil, period: KeyProvider.period, ask: provider.ask, onAnswer: onAnswer)
        return OAuthAccess(config, issuer, keys) { await provider.shutdown() }
    }

    init(
        _ config: GatewayConfig, _ issuer: String, _ keys: KeyStore, onStop: @escaping @Sendable () async -> Void = {}
    ) {
        settings = config.oauth
        self.keys = keys
        self.onStop = onStop
        let address = config.oauthResource
        resource = ProtectedResource(resource: address, issuer: issuer, scopes: config.oauth.requiredScopes)
        verifier = TokenVerifier(
            TokenRule(
                issuer: issuer, audience: config.oauth.audience ?? address, tenantClaim: config.oauth.tenantClaim,
                agentClaim: config.oauth.agentClaim))
    }

    /// What would keep a gateway with this configuration from starting; nil when nothing does.
    package static func problem(_ config: GatewayConfig) -> ConfigProblem? {
        guard config.oauth.issuer != nil, let path = config.oauth.jwksFile else { return nil }
        do throws(ConfigProblem) {
            _ = try keys(KeyFile(path: path))
            return nil
        } catch {
            return error
        }
    }

    private static func keys(_ file: KeyFile) throws(ConfigProblem) -> KeySet {
        do throws(KeyFault) {
            return try file.read()
        } catch {
            throw ConfigProblem(
                origin: .file(path: file.path, line: nil, column: nil), key: "oauth.jwks_file",
                message: "\(error.words); put the provider's key set (its jwks_uri) there, or set oauth.jwks_url")
        }
    }

    private static func report(
        _ issuer: String, _ logger: Logger
    ) -> @Sendable (Result<KeySet, KeyFault>) -> Void {
        { answer in
            switch answer {
            case .success(let keys): logger.info("identity provider \(issuer): \(keys.keys.count) keys")
            case .failure(let fault):
                logger.warning(
                    "identity provider \(issuer) gave no keys; those known before count for a day: \(fault.words)")
            }
        }
    }

    /// The operator wants the provider's keys as they are now.
    func refresh() { keys.refresh() }

    /// Asks for keys until ``stop()``.
    func run() async { await keys.run() }

    func stop() async {
        keys.stop()
        await onStop()
    }

    /// - Parameter now: seconds since 1970.
    func judge(_ token: ArraySlice<UInt8>, _ digest: TokenDigest, now: Int) -> Verdict {
        let keys = keys.keys
        if let token = known.withLock({ $0.find(digest, now: now) }), let keys, keys.contains(thumbprint: token.key) {
            return .verified(token)
        }
        switch verifier.verify(token, keys: keys, now: now) {
        case .verified(let verified):
            known.withLock { $0.keep(verified, digest) }
            return .verified(verified)
        case .refused(let fault): return .refused(fault)
        case .unknownKey:
            guard let pause = self.keys.pause else { return .undecided }
            return keys == nil ? .unavailable(pause) : .unknownKey(pause)
        }
    }

    /// Whether the key that a token was verified with is the provider's no longer.
    func hasLostKey(_ token: VerifiedToken) -> Bool { keys.keys?.contains(thumbprint: token.key) != true }

    /// What operators should know.
    var warnings: [String] {
        guard keys.keys == nil, let fault = keys.fault else { return [] }
        return ["tokens of \(resource.issuer) are refused, its keys cannot be had: \(fault.words)"]
    }
}
