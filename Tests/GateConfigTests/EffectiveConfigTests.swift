import Testing

@testable import GateConfig

@Suite struct EffectiveConfigTests {
    static let text = """
        [server]
        allowed_origins = ["https://app.example"]
        [[backends]]
        name = "local"
        command = "/bin/x"
        args = ["--token=${TOKEN}", "a\\"\\n"]
        env = { TOKEN = "hunter2-env", "a.b" = "hunter2-dot" }
        cwd = "/srv"
        request_timeout = 1500
        tools = { deny = ["rm*"] }
        [[backends]]
        name = "remote"
        url = "https://hunter2-user:hunter2-pw@x.example/mcp?key=hunter2-query"
        headers = { Authorization = "Bearer hunter2-header" }
        """

    static let environment = ["HOME": "/home/ann", "TOKEN": "hunter2-var"]

    @Test func tomlHidesSecrets() throws {
        let config = try load(Self.text, environment: Self.environment).config
        let toml = EffectiveConfig(config).toml
        #expect(!toml.contains("hunter2"))
        #expect(
            toml.utf8.starts(
                with: "[server]\nhost = \"127.0.0.1\"\nport = 3393\ndata_dir = \"/home/ann/.stonegate\"\n".utf8))
        let backends = toml.split(separator: "\n\n[[backends]]", maxSplits: 1)
        #expect(
            backends.last.map(String.init) == """

                name = "local"
                transport = "stdio"
                command = "/bin/x"
                args = ["--token=${TOKEN}", "a\\"\\n"]
                env = { TOKEN = "***", "a.b" = "***" }
                cwd = "/srv"
                request_timeout = 1500
                protocol = "auto"
                tools = { allow = [], deny = ["rm*"] }
                resources = { allow = [], deny = [] }
                prompts = { allow = [], deny = [] }
                enabled = true
                auto_restart = true
                health_check = true
                isolation = "shared"
                start = "eager"
                instances = 1
                max_instances = 16
                warm_spares = 1
                trust_annotations = false
                questions = "when_certain"
                roots = []
                circuit_breaker = {}

                [[backends]]
                name = "remote"
                transport = "http"
                url = "https://x.example/mcp"
                headers = { Authorization = "***" }
                allow_addresses = []
                protocol = "auto"
                tools = { allow = [], deny = [] }
                resources = { allow = [], deny = [] }
                prompts = { allow = [], deny = [] }
                enabled = true
                auto_restart = true
                health_check = true
                isolation = "shared"
                start = "eager"
                instances = 1
                max_instances = 16
                warm_spares = 1
                trust_annotations = false
                questions = "when_certain"
                roots = []
                circuit_breaker = {}

                """)
    }

    @Test func tomlReadsBackAsTheSameSettings() throws {
        let config = try load(Self.text, environment: Self.environment).config
        let again = try load(EffectiveConfig(config).toml, environment: Self.environment).config
        #expect(again.server == config.server)
        #expect(again.limits == config.limits)
        #expect(again.backends.map(\.name) == ["local", "remote"])
        #expect(EffectiveConfig(again).toml == EffectiveConfig(config).toml)
    }

    @Test func jsonHidesSecretsAndIsWellFormed() throws {
        let config = try load(Self.text, environment: Self.environment).config
        let json = EffectiveConfig(config).json
        #expect(!json.contains("hunter2"))
        guard case .table(let entries) = try ConfigJSON.parse(Array(json.utf8)) else {
            Issue.record("no object")
            return
        }
        #expect(entries.map(\.key) == ConfigField.sections + ["backends", "tenants", "agents"])
        #expect(json.contains(#""url":"https://x.example/mcp","headers":{"Authorization":"***"}"#))
        #expect(json.contains(#""allowed_origins":["https://app.example"]"#))
    }

    @Test func printingTheConfigurationShowsNoSecret() throws {
        let config = try load(Self.text, environment: Self.environment).config
        var dumped = ""
        dump(config, to: &dumped)
        for text in ["\(config)", String(reflecting: config), dumped] {
            for secret in [
                "hunter2-env", "hunter2-dot", "hunter2-header", "hunter2-pw", "hunter2-user", "hunter2-query",
            ] {
                #expect(!text.contains(secret))
            }
        }
    }
}
