import Testing

@testable import GateConfig

@Suite struct ConfigLoaderTests {
    @Test func noFileGivesTheDefaults() throws {
        let loaded = try ConfigLoader.load(environment: testHome, workingDirectory: "/srv")
        var expected = GatewayConfig()
        expected.server.dataDir = "/home/ann/.stonegate"
        #expect(loaded.config == expected)
        #expect(loaded.path == nil)
        #expect(loaded.config.server.port == 3_393)
        #expect(loaded.config.gateway.requestTimeout == .seconds(30))
        #expect(loaded.config.license.licenseServer == "https://license.keystoneproject.dev")
    }

    @Test func emptyFileIsLikeNoFile() throws {
        let none = try ConfigLoader.load(environment: testHome, workingDirectory: "/srv")
        for text in ["", "\n\n", "# nothing\n", "\u{FEFF}", "[server]\n[limits]\n", "\r\n# x\r\n"] {
            #expect(try load(text).config == none.config)
        }
    }

    @Test func readsEverySection() throws {
        let config = try load(
            """
            [server]
            host = "LocalHost"
            port = 4000
            data_dir = "~/data/./gate//x"
            allowed_hosts = ["Gate.Local:8080", "[::1]"]
            allowed_origins = ["https://App.example", "vscode-webview://panel"]
            unsafe_open_admin = true
            [license]
            key_file = "key.txt"
            license_server = "http://127.0.0.1:9000/x"
            [gateway]
            max_connections = 7
            request_timeout = 1500
            schema_cache_ttl = 60
            [circuit_breaker]
            failure_threshold = 1
            reset_timeout = 2
            success_threshold = 3
            [pool]
            max_idle = 0
            idle_timeout = 9
            [limits]
            body_bytes = 1_048_576
            child_processes = 50
            restart_delay_min = 250
            [logging]
            level = "debug"
            format = "json"
            """
        ).config
        #expect(config.server.host == "localhost")
        #expect(config.server.port == 4_000)
        #expect(config.server.dataDir == "/home/ann/data/gate/x")
        #expect(config.server.allowedHosts == ["gate.local:8080", "[::1]"])
        #expect(config.server.allowedOrigins == ["https://app.example", "vscode-webview://panel"])
        #expect(config.server.unsafeOpenAdmin)
        #expect(config.license.keyFile == "/etc/gate/key.txt")
        #expect(config.license.licenseServer == "http://127.0.0.1:9000/x")
        #expect(config.gateway.maxConnections == 7)
        #expect(config.gateway.requestTimeout == .milliseconds(1_500))
        #expect(config.gateway.schemaCacheTTL == .seconds(60))
        #expect(config.circuitBreaker.resetTimeout == .seconds(2))
        #expect(config.pool.maxIdle == 0)
        #expect(config.limits.bodyBytes == 1_048_576)
        #expect(config.limits.childProcesses == 50)
        #expect(config.limits.restartDelayMin == .milliseconds(250))
        #expect(config.logging.level == .debug)
        #expect(config.logging.format == .json)
    }

    @Test func readsBackends() throws {
        let loaded = try load(
            """
            [[backends]]
            name = "time"
            command = "uvx"
            args = ["mcp-server-time", "--key=${KEY}"]
            env = { TOKEN = "${KEY}", TZ = "UTC" }
            cwd = "work"
            request_timeout = 5000
            protocol = "legacy"
            tools = { allow = ["get_*"], deny = ["get_secret"] }
            enabled = false
            auto_restart = false
            health_check = false

            [[backends]]
            name = "docs"
            url = "https://user:pw@docs.example:8443/mcp?key=1"
            [backends.headers]
            Authorization = "Bearer ${KEY}"
            X-Plain = "abc"

            [[backends]]
            name = "own"
            transport = "stdio"
            command = "./bin/own"
            """, environment: ["HOME": "/home/ann", "KEY": "s3cret"])
        let backends = loaded.config.backends
        #expect(backends.map(\.name) == ["time", "docs", "own"])

        var time = BackendConfig(
            name: "time",
            connection: .stdio(
                .init(
                    command: "uvx", args: ["mcp-server-time", "--key=s3cret"],
                    env: ["TOKEN": Secret("s3cret"), "TZ": Secret("UTC")], cwd: "/etc/gate/work",
                    shownArgs: ["mcp-server-time", "--key=${KEY}"])))
        time.requestTimeout = .seconds(5)
        time.protocolEra = .legacy
        time.tools = .init(allow: ["get_*"], deny: ["get_secret"])
        time.enabled = false
        time.autoRestart = false
        time.healthCheck = false
        #expect(backends[0] == time)

        let url = try BackendURL("https://user:pw@docs.example:8443/mcp?key=1")
        #expect(
            backends[1].connection
                == .http(
                    .init(
                        url: url,
                        headers: ["Authorization": Secret("Bearer s3cret"), "X-Plain": Secret("abc")])))
        #expect(backends[1].autoRestart && backends[1].healthCheck && backends[1].enabled)
        #expect(backends[1].requestTimeout == nil)
        #expect(backends[2].connection == .stdio(.init(command: "/etc/gate/bin/own")))
        #expect(
            loaded.literalSecrets == ["backends[1].headers.X-Plain", "backends[1].url"])
    }

    @Test func flagsWinOverEnvironmentOverFileOverDefaults() throws {
        let text = "[server]\nport = 1001\n[pool]\nmax_idle = 3\n[gateway]\nrequest_timeout = 1000"
        let config = try load(
            text,
            environment: [
                "HOME": "/home/ann", "STONEGATE_SERVER_PORT": "1002", "STONEGATE_POOL_MAX_IDLE": "4",
                "STONEGATE_CIRCUIT_BREAKER_RESET_TIMEOUT": "12", "STONEGATE_SERVER_UNSAFE_OPEN_ADMIN": "true",
                "STONEGATE_SERVER_ALLOWED_HOSTS": "a.example, b.example:1", "STONEGATE_SERVER_DATA_DIR": "rel/dir",
                "STONEGATE_LOGGING_LEVEL": "error",
            ],
            overrides: [.init(key: "server.port", value: "1003", flag: "--port")]
        ).config
        #expect(config.server.port == 1_003)
        #expect(config.pool.maxIdle == 4)
        #expect(config.gateway.requestTimeout == .seconds(1))
        #expect(config.circuitBreaker.resetTimeout == .seconds(12))
        #expect(config.server.unsafeOpenAdmin)
        #expect(config.server.allowedHosts == ["a.example", "b.example:1"])
        #expect(config.server.dataDir == "/srv/rel/dir")
        #expect(config.logging.level == .error)
    }

    @Test func problemsNameTheirSource() throws {
        let error = try #require(throws: ConfigProblems.self) {
            try load(
                "[server]\nport = 0",
                environment: [
                    "HOME": "/h", "STONEGATE_POOL_MAX_IDLE": "many", "STONEGATE_SERVER_PROT": "1",
                    "STONEGATE_SERVER_SERVICE_HOST": "10.0.0.1", "STONEGATE_TOKEN": "x",
                ],
                overrides: [
                    .init(key: "logging.level", value: "loud", flag: "--log-level"),
                    .init(key: "server.colour", value: "x", flag: "--set"),
                ])
        }
        #expect(
            error.problems.map(\.description) == [
                "/etc/gate/config.toml:2:1: server.port: must be from 1 to 65535, not 0",
                "STONEGATE_POOL_MAX_IDLE: pool.max_idle: must be a whole number, not \"many\"",
                "STONEGATE_SERVER_PROT: unknown variable; did you mean 'STONEGATE_SERVER_PORT'?",
                "--log-level: logging.level: must be one of \"trace\", \"debug\", \"info\", \"notice\", \"warning\", "
                    + "\"error\", \"critical\", not \"loud\"",
                "--set: server.colour: unknown key",
            ])
    }

    @Test func withoutHomeTheDefaultDirectoryIsAProblem() {
        #expect(
            problems("", environment: [:]) == [
                "HOME: server.data_dir: the default \"~/.stonegate\" needs HOME to be an absolute path; "
                    + "set HOME or server.data_dir"
            ])
        #expect(problems("[server]\ndata_dir = \"/srv\"", environment: [:]) == [])
        #expect(
            problems("[server]\ndata_dir = \"~/x\"", environment: [:]) == [
                "c.toml:2:1: server.data_dir: uses '~', but HOME is not set to an absolute path; write the absolute path"
            ])
    }

    @Test func stopsCollectingAtTheLimit() {
        let text = (0..<500).map { "key\($0) = 1" }.joined(separator: "\n")
        #expect(problems(text).count == ConfigProblems.limit)
        #expect(ConfigProblems([]).description == "")
    }
}
