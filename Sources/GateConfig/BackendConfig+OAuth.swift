extension BackendConfig {
    /// How the gateway gets access tokens for a server: the client credentials grant (RFC 6749, 4.4).
    package struct OAuth: Sendable, Equatable {
        /// How the client shows its secret (RFC 6749, 2.3.1).
        package enum AuthMethod: String, Sendable, CaseIterable {
            /// In `Authorization`.
            case basic
            /// In the body.
            case post
        }

        /// `https`, or to this machine.
        package var tokenURL: BackendURL
        package var clientID: Secret<String>
        package var clientSecret: Secret<String>
        package var scopes: [String] = []
        /// Whom the token is for, where the token server asks for it so.
        package var audience: String?
        /// The same as RFC 8707 has it.
        package var resource: String?
        package var authMethod = AuthMethod.basic
        /// Certificates in PEM that are trusted for the token server instead of the system's. Absolute.
        package var caFile: String?

        package init(tokenURL: BackendURL, clientID: Secret<String>, clientSecret: Secret<String>) {
            self.tokenURL = tokenURL
            self.clientID = clientID
            self.clientSecret = clientSecret
        }
    }
}

extension BackendReader {
    static let oauthKeys = [
        "token_url", "client_id", "client_secret", "scopes", "audience", "resource", "auth_method", "ca_file",
    ]
    private static let maxText = 2_048

    /// - Parameter url: of the server: a token is not sent in the clear either.
    mutating func oauth(
        _ table: TableReader, for url: BackendURL, headers: some Collection<String>,
        _ diagnostics: inout ConfigDiagnostics
    ) -> BackendConfig.OAuth? {
        let path = table.path.appending("oauth")
        switch table.node("oauth") {
        case nil, .unusable?: return nil
        case .table(let entries)?:
            if entries.isEmpty, isRequest { return nil }
            let own = TableReader(entries: entries, path: path)
            own.reportUnknownKeys(known: Self.oauthKeys, &diagnostics)
            if !url.isSecure, !url.isLoopback {
                diagnostics.report(
                    table.path.appending("url"),
                    "must begin with https:// where 'oauth' is used, or lead to this machine")
            }
            if headers.contains(where: { TextRule.lowercased($0) == "authorization" }) {
                diagnostics.report(path, "and a header Authorization exclude each other; remove one")
            }
            return oauth(own, &diagnostics)
        case let other?:
            diagnostics.report(
                path, "must be a table { token_url = …, client_id = …, client_secret = … }, not \(other.kind)")
            return nil
        }
    }

    private mutating func oauth(_ own: TableReader, _ diagnostics: inout ConfigDiagnostics) -> BackendConfig.OAuth? {
        for key in ["token_url", "client_id", "client_secret"] where !own.has(key) {
            diagnostics.report(own.path, "has no '\(key)'")
        }
        let url = tokenURL(own, &diagnostics)
        let id = filled("client_id", own, &diagnostics)
        let secret = filled("client_secret", own, &diagnostics)
        if let secret { noteSecret(secret, own.path.appending("client_secret")) }
        let scopes = own.strings("scopes", &diagnostics).map(\.text)
        for (offset, scope) in scopes.enumerated()
        where scope.isEmpty || !scope.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }) {
            diagnostics.report(
                own.path.appending("scopes").appending(offset),
                "must be one scope: visible ASCII characters without spaces, quotes and backslashes")
        }
        let audience = filled("audience", own, &diagnostics)?.text
        let resource = filled("resource", own, &diagnostics)?.text
        let method: BackendConfig.OAuth.AuthMethod = choice("auth_method", .basic, own, &diagnostics)
        let caFile = path("ca_file", own, &diagnostics) { text throws(ConfigMessage) in
            try paths.absolute(text, base: base)
        }
        guard let url, let id, let secret else { return nil }
        var oauth = BackendConfig.OAuth(
            tokenURL: url, clientID: Secret(id.text), clientSecret: Secret(secret.text))
        oauth.scopes = scopes
        oauth.audience = audience
        oauth.resource = resource
        oauth.authMethod = method
        oauth.caFile = caFile
        return oauth
    }

    private func filled(
        _ key: String, _ own: TableReader, _ diagnostics: inout ConfigDiagnostics
    ) -> ConfigString? {
        guard let value = own.string(key, &diagnostics) else { return nil }
        guard (1...Self.maxText).contains(value.text.utf8.count) else {
            diagnostics.report(own.path.appending(key), "must have 1 to \(Self.maxText) bytes")
            return nil
        }
        return value
    }

    private func tokenURL(_ own: TableReader, _ diagnostics: inout ConfigDiagnostics) -> BackendURL? {
        guard let text = own.string("token_url", &diagnostics)?.text else { return nil }
        let path = own.path.appending("token_url")
        do throws(BackendURL.Problem) {
            let url = try BackendURL(text)
            guard !text.utf8.contains(UInt8(ascii: "@")) else {
                throw BackendURL.Problem(
                    message: "must not hold user information ('@'); use client_id and client_secret")
            }
            guard url.isSecure || url.isLoopback else {
                throw BackendURL.Problem(message: "must begin with https://, or lead to this machine")
            }
            return url
        } catch {
            diagnostics.report(path, error.message)
            return nil
        }
    }
}

extension BackendConfig.OAuth {
    func effectiveEntries(secrets: BackendConfig.SecretRendering) -> [(key: String, value: EffectiveValue)] {
        func shown(_ secret: Secret<String>) -> EffectiveValue {
            .string(secrets == .exposed ? secret.exposed : redactedText)
        }
        var entries: [(key: String, value: EffectiveValue)] = [
            ("token_url", .string(secrets == .exposed ? tokenURL.exposed : tokenURL.shown)),
            ("client_id", shown(clientID)), ("client_secret", shown(clientSecret)),
            ("scopes", .array(scopes.map { .string($0) })),
        ]
        if let audience { entries.append(("audience", .string(audience))) }
        if let resource { entries.append(("resource", .string(resource))) }
        entries.append(("auth_method", .string(authMethod.rawValue)))
        if let caFile { entries.append(("ca_file", .string(caFile))) }
        return entries
    }
}
