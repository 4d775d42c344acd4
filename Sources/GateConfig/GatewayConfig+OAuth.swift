extension GatewayConfig {
    /// `[oauth]`: the identity provider whose tokens let agents in.
    package struct OAuth: Sendable, Equatable {
        /// The provider, exactly as its tokens name it; nil for none.
        package var issuer: String?
        /// The address by which clients know the MCP endpoint; nil for its local one.
        package var resource: String?
        /// What tokens must be for; nil for the resource.
        package var audience: String?
        /// Where the provider publishes its keys; nil to ask it.
        package var jwksURL: String?
        /// A file of its keys, in the place of an address.
        package var jwksFile: String?
        /// Certificate authorities that alone are believed when the provider is asked.
        package var caFile: String?
        /// Every token must give all of them.
        package var requiredScopes: [String] = []
        /// The tenant of everybody who comes with a token.
        package var tenant: String?
        /// The claim that names the tenant.
        package var tenantClaim: String?
        /// The claim that names the agent.
        package var agentClaim = "sub"

        package init() {}
    }

    /// The address by which OAuth clients know the MCP endpoint.
    package var oauthResource: String {
        oauth.resource ?? "\(publicURL ?? localURL)/mcp"
    }
}

extension ConfigField {
    static let oauth: [ConfigField] = [
        field("issuer", .optionalText(\.oauth.issuer, .secureURL)),
        field("resource", .optionalText(\.oauth.resource, .secureURL)),
        field("audience", .optionalText(\.oauth.audience, .word)),
        field("jwks_url", .optionalText(\.oauth.jwksURL, .secureURL)),
        field("jwks_file", .optionalText(\.oauth.jwksFile, .path)),
        field("ca_file", .optionalText(\.oauth.caFile, .path)),
        field("required_scopes", .texts(\.oauth.requiredScopes, .word)),
        field("tenant", .optionalText(\.oauth.tenant, .word)),
        field("tenant_claim", .optionalText(\.oauth.tenantClaim, .word)),
        field("agent_claim", .text(\.oauth.agentClaim, .word)),
    ]

    private static func field(_ name: String, _ kind: Kind) -> ConfigField {
        ConfigField(section: "oauth", name: name, kind: kind)
    }
}

/// What is right alone in `[oauth]` and wrong together.
enum OAuthRule {
    /// - Returns: keys and what is wrong with them.
    static func problems(_ config: GatewayConfig) -> [(key: String, message: String)] {
        let oauth = config.oauth
        guard oauth.issuer != nil else {
            let plain = GatewayConfig()
            return ConfigField.oauth.filter { !$0.isEqual(config, plain) }.map {
                ($0.key, "needs oauth.issuer, the address of the identity provider as its tokens name it")
            }
        }
        var problems: [(key: String, message: String)] = []
        if oauth.jwksURL != nil, oauth.jwksFile != nil {
            problems.append(("oauth.jwks_file", "cannot stand beside oauth.jwks_url; leave one of them out"))
        }
        if let tenant = oauth.tenant {
            if oauth.tenantClaim != nil {
                problems.append(("oauth.tenant", "cannot stand beside oauth.tenant_claim; leave one of them out"))
            }
            if !config.tenants.contains(where: { $0.name.utf8.elementsEqual(tenant.utf8) }) {
                problems.append(
                    ("oauth.tenant", "there is no tenant \(quoted(tenant)); add [[tenants]] with that name"))
            }
        }
        return problems
    }
}
