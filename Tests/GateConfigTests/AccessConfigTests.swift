import Testing

@testable import GateConfig

/// `[[tenants]]`, `[[agents]]` and `[access]`.
@Suite struct AccessConfigTests {
    private static let token = String(repeating: "t", count: 32)

    private func load(_ text: String) throws(ConfigProblems) -> GatewayConfig {
        try ConfigLoader.load(
            file: ConfigFile(path: "c.toml", bytes: Array(text.utf8)),
            environment: ["HOME": "/home/ann", "T": Self.token],
            workingDirectory: "/work"
        ).config
    }

    private func problems(_ text: String) -> [String] {
        do throws(ConfigProblems) {
            _ = try load(text)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test func agentsAndTenantsAreRead() throws {
        let config = try load(
            """
            [[tenants]]
            name = "acme"
            allow = ["db/*"]
            resources = { allow = ["db/file:///a/*"], deny = ["db/*secret*"] }
            values = { KEY = "${T}" }
            max_in_flight = 2
            max_calls_per_minute = 600
            max_pending = 7
            [[agents]]
            name = "ci"
            tenant = "acme"
            token = "${T}"
            [[agents]]
            name = "bot"
            allow = ["*"]
            token_sha256 = ["\(String(repeating: "aB", count: 32))"]
            """)
        #expect(config.requiresCredentials)
        #expect(config.tenants[0].grant.tools == .init(allow: ["db/*"]))
        #expect(config.tenants[0].grant.resources == .init(allow: ["db/file:///a/*"], deny: ["db/*secret*"]))
        #expect(config.tenants[0].values["KEY"]?.exposed == Self.token)
        #expect(config.tenants[0].quota.inFlight == 2 && config.tenants[0].quota.callsPerMinute == 600)
        #expect(config.tenants[0].quota.pending == 7)
        #expect(EffectiveConfig(config).toml.contains("max_calls_per_minute = 600"))
        #expect(config.agents[0].grant == nil && config.agents[0].token?.exposed == Self.token)
        #expect(config.agents[1].grant?.tools == .init(allow: ["*"]))
        let shown = EffectiveConfig(config).json + EffectiveConfig(config).toml
        #expect(!shown.contains(Self.token) && !shown.lowercased().contains("abab"))
        #expect(try !load("").requiresCredentials)
        #expect(try load("[access]\nrequired = true").requiresCredentials)
    }

    @Test(arguments: [
        ("[[tenants]]\nallow = []", "has no 'name'"),
        ("[[tenants]]\nname = \"a/b\"", "is no name here"),
        ("[[tenants]]\nname = \"\(String(repeating: "a", count: 33))\"", "is no name here"),
        ("[[tenants]]\nname = \"a\"\n[[tenants]]\nname = \"a\"", "is the name of another tenant"),
        ("[[tenants]]\nname = \"a\"\nmax_in_flight = 0", "max_in_flight"),
        ("[[tenants]]\nname = \"a\"\nmax_pending = \"x\"", "max_pending"),
        ("[[tenants]]\nname = \"a\"\nallow = [\"db\"]", "must say server and name"),
        ("[[tenants]]\nname = \"a\"\nalow = []", "did you mean 'allow'?"),
        ("[[tenants]]\nname = \"a\"\nresources = []", "must be a table"),
        ("[[tenants]]\nname = \"a\"\nvalues = { name = \"x\" }", "and not 'name'"),
        ("[tenants]\nname = \"a\"", "must be an array of tables"),
        ("[[agents]]\nname = \"a\"\ntenant = \"none\"", "there is no tenant \"none\""),
        ("[[agents]]\nname = \"a\"\ntoken = \"short\"", "must be 32 to 512 visible ASCII characters"),
        ("[[agents]]\nname = \"a\"\ntoken_sha256 = [\"x\"]", "must be a SHA-256"),
        ("[[agents]]\nname = \"a\"\n[[agents]]\nname = \"a\"", "is the name of another agent"),
        ("[server]\nunsafe_open_admin = true\n[access]\nrequired = true", "everybody would be an operator"),
        ("[server]\nhost = \"${tenant.name}\"", "stands in values of 'env' and 'headers' of backends only"),
        ("[[backends]]\nname = \"b\"\ncommand = \"c\"\nargs = [\"${tenant.name}\"]", "stands in values of 'env'"),
        (
            "[[backends]]\nname = \"b\"\ncommand = \"c\"\nenv = { A = \"${tenant.name}\" }",
            "needs isolation = \"per_tenant\""
        ),
        (
            "[[tenants]]\nname = \"a\"\n[[backends]]\nname = \"b\"\nurl = \"http://x\"\nisolation = \"per_tenant\"\n"
                + "headers = { A = \"${tenant.KEY}\" }", "needs a value \"KEY\", which tenant \"a\" does not have"
        ),
        ("[[backends]]\nname = \"b\"\ncommand = \"c\"\nenv = { A = \"$${tenant.name}\" }", "cannot hold a literal"),
    ])
    func whatIsWrongIsSaid(_ text: String, _ words: String) {
        let found = problems(text)
        #expect(found.count == 1 && found[0].contains(words), "\(found)")
    }
}
