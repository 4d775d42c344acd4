extension GatewayConfig {
    /// `[access]`: who may come in at all.
    package struct Access: Sendable, Equatable {
        /// Whether every request needs a credential. It does in any case when there are agents, tenants or an identity provider.
        package var required = false

        package init() {}
    }

    /// What a tenant or an agent may use, as patterns `server/name`. What `allow` does not name is not allowed; `deny` wins.
    package struct Grant: Sendable, Equatable {
        package var tools = BackendConfig.OfferFilter()
        package var resources = BackendConfig.OfferFilter()
        package var prompts = BackendConfig.OfferFilter()

        package init() {}
    }

    /// `[[tenants]]`: agents that belong together and see nothing of others.
    package struct Tenant: Sendable, Equatable {
        package var name: String
        package var grant = Grant()
        /// What `${tenant.NAME}` stands for in the `env` and `headers` of backends, beside its name.
        package var values: [String: Secret<String>] = [:]
        package var quota = Quota()

        package init(name: String) { self.name = name }

        /// The same without what its agents may use up: instances of servers do not depend on that.
        var unlimited: Tenant {
            var tenant = self
            tenant.quota = Quota()
            return tenant
        }
    }

    /// What all agents of a tenant may use up together. Nil where the limits of each agent are enough.
    package struct Quota: Sendable, Equatable {
        /// Calls under way at once.
        package var inFlight: Int?
        /// Calls begun in a minute in the long run; after a pause as many at once.
        package var callsPerMinute: Int?
        /// Asynchronous calls that have not ended.
        package var pending: Int?

        package init() {}
    }

    /// `[[agents]]`: somebody who comes with a credential of its own.
    package struct Agent: Sendable, Equatable {
        package var name: String
        package var tenant: String?
        /// What it may use; nil for as much as its tenant.
        package var grant: Grant?
        package var token: Secret<String>?
        /// SHA-256 of tokens, as 64 hexadecimal digits.
        package var tokenDigests: [String] = []
        /// Names or fingerprints of client certificates that stand for it.
        package var certificates: [String] = []

        package init(name: String) { self.name = name }
    }

    /// Whether a request without a credential is refused.
    package var requiresCredentials: Bool {
        access.required || !agents.isEmpty || !tenants.isEmpty || oauth.issuer != nil || !server.isLoopback
    }
}
