import Testing

@testable import GateConfig

/// `[oauth]`.
@Suite struct OAuthConfigTests {
    private static let tenant = "[[tenants]]\nname = \"acme\"\n"

    @Test func allKeysAreRead() throws {
        let config = try load(
            """
            [oauth]
            issuer = "https://id.example/realms/One/"
            resource = "https://gate.example/mcp"
            audience = "api://gate"
            jwks_url = "https://id.example/keys"
            ca_file = "ca.pem"
            required_scopes = ["mcp:use", "read"]
            tenant_claim = "https://claims.example/org"
            agent_claim = "azp"
            """
        ).config
        // Byte for byte, the slash at the end included.
        #expect(config.oauth.issuer == "https://id.example/realms/One/")
        #expect(config.oauth.audience == "api://gate" && config.oauthResource == "https://gate.example/mcp")
        #expect(config.oauth.jwksURL == "https://id.example/keys" && config.oauth.caFile == "/etc/gate/ca.pem")
        #expect(config.oauth.requiredScopes == ["mcp:use", "read"])
        #expect(config.oauth.tenantClaim == "https://claims.example/org" && config.oauth.agentClaim == "azp")
        #expect(config.requiresCredentials, "from a provider on nobody comes without a credential")
        #expect(EffectiveConfig(config).toml.contains("issuer = \"https://id.example/realms/One/\""))
    }

    @Test func theResourceIsTheEndpoint() throws {
        #expect(try load("[server]\nport = 4000").config.oauthResource == "http://127.0.0.1:4000/mcp")
        #expect(try load("[server]\nhost = \"::1\"").config.oauthResource == "http://[::1]:3393/mcp")
    }

    @Test(arguments: [
        ("[oauth]\naudience = \"a\"", "c.toml:2:1: oauth.audience: needs oauth.issuer"),
        ("[oauth]\nissuer = \"http://id.example\"", "must begin with https://"),
        ("[oauth]\nissuer = \"https://id.example/?a=b\"", "neither user information"),
        ("[oauth]\nissuer = \"https://id.example\"\nresource = \"gate\"", "must begin with http:// or https://"),
        (
            "[oauth]\nissuer = \"https://id.example\"\njwks_url = \"https://a\"\njwks_file = \"k\"",
            "cannot stand beside oauth.jwks_url"
        ),
        ("[oauth]\nissuer = \"https://id.example\"\ntenant = \"acme\"", "there is no tenant \"acme\""),
        (
            tenant + "[oauth]\nissuer = \"https://id.example\"\ntenant = \"acme\"\ntenant_claim = \"org\"",
            "cannot stand beside oauth.tenant_claim"
        ),
        ("[oauth]\nissuer = \"https://id.example\"\nrequired_scopes = [\"a b\"]", "without blanks, quotes"),
        ("[oauth]\nissuer = \"https://id.example\"\nagent_claim = \"\"", "1 to 512 visible"),
        ("[oauth]\nisuer = \"https://id.example\"", "did you mean 'issuer'?"),
        (
            "[oauth]\nissuer = \"https://id.example\"\n[server]\nunsafe_open_admin = true",
            "everybody would be an operator"
        ),
    ])
    func whatIsWrongIsSaid(_ text: String, _ words: String) {
        let found = problems(text)
        #expect(found.count == 1 && found[0].contains(words), "\(found)")
    }

    /// The provider and the keys are looked at when the gateway starts, so a change of them waits for that; the report says so.
    @Test func changesWaitForTheNextStart() throws {
        let old = try load("").config
        let new = try load("[oauth]\nissuer = \"https://id.example\"").config
        let change = ConfigChange(running: [], runtime: [], from: old, to: new)
        #expect(change.needsRestart == ["oauth.issuer"] && change.inForce.oauth == old.oauth)
        #expect(!change.inForce.requiresCredentials)
    }
}
