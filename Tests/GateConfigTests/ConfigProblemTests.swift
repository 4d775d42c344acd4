import Testing

@testable import GateConfig

@Suite struct ConfigProblemTests {
    static let sections: [Case] = [
        Case("[server]\nprot = 1", "c.toml:2:1: server.prot: unknown key; did you mean 'port'?"),
        Case(
            "[gateway]\n  request-timeout = 1",
            "c.toml:2:3: gateway.request-timeout: unknown key; did you mean 'request_timeout'?"),
        Case("[sever]\nport = 1", "c.toml:1:1: sever: unknown key; did you mean 'server'?"),
        Case("port = 1", "c.toml:1:1: port: unknown key here; it belongs to [server]"),
        Case("[pool]\nport = 1", "c.toml:2:1: pool.port: unknown key here; it belongs to [server]"),
        Case("[pool]\nzzzzzzzz = 1", "c.toml:2:1: pool.zzzzzzzz: unknown key; known here: max_idle, idle_timeout"),
        Case(
            "[server]\n\"a b\" = 1",
            "c.toml:2:1: server.\"a b\": unknown key; known here: host, port, data_dir, allowed_hosts, allowed_origins, behind_proxy, unsafe_open_admin, "
                + "added_addresses"
        ),
        Case("server = 1", "c.toml:1:1: server: must be a table, written as [server], not a whole number"),
        Case(
            "backends = 1",
            "c.toml:1:1: backends: must be an array of tables, written as [[backends]], not a whole number"),
        Case(
            "[backends]\nname = \"a\"",
            "c.toml:1:1: backends: must be an array of tables, written as [[backends]], not a table"),
        Case(
            "backends = [1]", "c.toml:1:13: backends[0]: must be a table, written as [[backends]], not a whole number"),
        Case("server.port = \"x\"", "c.toml:1:1: server.port: must be a whole number, not a string"),
        Case("server = { port = 70000 }", "c.toml:1:12: server.port: must be from 1 to 65535, not 70000"),
        Case("[server]\nport = 0", "c.toml:2:1: server.port: must be from 1 to 65535, not 0"),
        Case("[server]\nport = -1", "c.toml:2:1: server.port: must be from 1 to 65535, not -1"),
        Case(
            "[server]\nport = 3393.0", "c.toml:2:1: server.port: must be a whole number, not a number with a fraction"),
        Case("[server]\nport = nan", "c.toml:2:1: server.port: must be a whole number, not a number with a fraction"),
        Case("[server]\nport = -inf", "c.toml:2:1: server.port: must be a whole number, not a number with a fraction"),
        Case("[server]\nport = true", "c.toml:2:1: server.port: must be a whole number, not true or false"),
        Case(
            "[server]\nport = 1979-05-27 07:32:00",
            "c.toml:2:1: server.port: must be a whole number, not a date or time"),
        Case("[server]\nport = []", "c.toml:2:1: server.port: must be a whole number, not an array"),
        Case("[server]\nhost = 1", "c.toml:2:1: server.host: must be a string, not a whole number"),
        Case(
            "[server]\nunsafe_open_admin = \"true\"",
            "c.toml:2:1: server.unsafe_open_admin: must be true or false, not a string"),
        Case(
            "[server]\nallowed_hosts = \"a\"",
            "c.toml:2:1: server.allowed_hosts: must be an array of strings, not a string"),
        Case(
            "[server]\nallowed_hosts = [\"a\", 1]",
            "c.toml:2:1: server.allowed_hosts: entry 2 must be a string, not a whole number"),
        Case(
            "[server]\nallowed_hosts = [\"*\"]",
            "c.toml:2:1: server.allowed_hosts: must name one host; patterns with '*' are not supported"),
        Case(
            "[server]\nallowed_hosts = [\"a/b\"]",
            "c.toml:2:1: server.allowed_hosts: \"a/b\" is no host name: it has a bad host name"),
        Case(
            "[server]\nallowed_origins = [\"null\"]",
            "c.toml:2:1: server.allowed_origins: \"null\" is no origin; write scheme://host or scheme://host:port"),
        Case(
            "[server]\nallowed_origins = [\"https://*.x\"]",
            "c.toml:2:1: server.allowed_origins: must name one origin; patterns with '*' are not supported"),
        Case(
            "[server]\nallowed_origins = [\"https://a/\"]",
            "c.toml:2:1: server.allowed_origins: \"https://a/\" is no origin (scheme://host[:port], without a path): it has a bad host name"
        ),
        Case(
            "[gateway]\nrequest_timeout = -5",
            "c.toml:2:1: gateway.request_timeout: must be from 1 to 86400000 ms, not -5"),
        Case(
            "[limits]\nrestart_delay_min = 40_000",
            "c.toml:2:1: limits.restart_delay_min: must not exceed limits.restart_delay_max"),
        Case("[limits]\nconnections = 0", "c.toml:2:1: limits.connections: must be from 1 to 1000000, not 0"),
        Case(
            "[limits]\nbody_bytes = 9223372036854775807",
            "c.toml:2:1: limits.body_bytes: must be from 1024 to 1073741824, not 9223372036854775807"),
        Case(
            "[license]\nlicense_server = \"http://x.example\"",
            "c.toml:2:1: license.license_server: must begin with https://"),
        Case(
            "[license]\nlicense_server = \"https://a:b@x.example\"",
            "c.toml:2:1: license.license_server: must have neither user information ('@') nor a query ('?')"),
        Case(
            "[license]\nkey_file = \"~bob/k\"",
            "c.toml:2:1: license.key_file: only '~' and '~/…' are expanded, not another user's home; write the absolute path"
        ),
        Case("[license]\nkey_file = \"\"", "c.toml:2:1: license.key_file: must not be empty"),
        Case(
            "[logging]\nlevel = \"loud\"",
            "c.toml:2:1: logging.level: must be one of \"trace\", \"debug\", \"info\", \"notice\", \"warning\", \"error\", \"critical\", not \"loud\""
        ),
        Case(
            "[logging]\nformat = \"jsn\"",
            "c.toml:2:1: logging.format: must be one of \"json\", \"text\", not \"jsn\"; did you mean \"json\"?"),
        Case("[server]\nhost = \"a\\u0007\"", "c.toml:2:1: server.host: must not hold control characters"),
        Case(
            "x = 1\n[server]\nport = 0\nhost = 2",
            "c.toml:1:1: x: unknown key; known here: server, tls, access, oauth, license, gateway, circuit_breaker, pool, limits, async, log, audit, integrity, logging, backends, tenants, agents",
            "c.toml:3:1: server.port: must be from 1 to 65535, not 0",
            "c.toml:4:1: server.host: must be a string, not a whole number"),
    ]

    @Test(arguments: sections) func sectionProblem(_ test: Case) {
        #expect(problems(test.text) == test.expected)
    }

    @Test(arguments: [
        "example.com", "127.1", "127.0.0.01", "0x7f.0.0.1", "127.0.0.256", "2130706433", "", "localhost.evil.example",
        "::ffff:127.0.0.1", "fe80::1%eth0", "[::1", "0", "*",
    ])
    func whatIsNoAddressIsRefused(_ host: String) {
        let found = problems("[server]\nhost = \"\(host)\"")
        #expect(found.count == 1)
        let expected = host.isEmpty ? "must not be empty" : "is no address to listen on"
        #expect(found.first?.contains(expected) == true)
    }

    static let exposed = "c.toml:2:1: server.host: listening on "

    @Test(arguments: [
        ("192.168.1.2", "", ["nobody needs a credential", "needs TLS"]),
        ("0.0.0.0", "", ["nobody needs a credential", "needs TLS", "needs server.allowed_hosts"]),
        ("::", "[access]\nrequired = true", ["needs TLS", "needs server.allowed_hosts"]),
        ("[2001:DB8:0::7]", "[[agents]]\nname = \"a\"\nallow = [\"*/*\"]", ["needs TLS"]),
        ("192.168.1.2", "[tls]\ncertificate = \"c.pem\"\nkey = \"k.pem\"", ["nobody needs a credential"]),
    ])
    func listeningBeyondLoopbackNeedsCredentialsAndTLS(_ host: String, _ more: String, _ expected: [String]) {
        let found = problems("[server]\nhost = \"\(host)\"\n\(more)")
        #expect(found.count == expected.count)
        for (problem, words) in zip(found, expected) {
            #expect(problem.hasPrefix(Self.exposed) && problem.contains(words), "\(problem)")
        }
    }

    @Test(arguments: [
        "[server]\nhost = \"192.168.1.2\"\n[access]\nrequired = true\n[tls]\ncertificate = \"c.pem\"\nkey = \"k.pem\"",
        "[server]\nhost = \"192.168.1.2\"\nbehind_proxy = true\n[access]\nrequired = true",
        "[server]\nhost = \"0.0.0.0\"\nallowed_hosts = [\"gate.example\"]\nbehind_proxy = true\n[[tenants]]\nname = \"t\"",
    ])
    func listeningBeyondLoopbackIsAcceptedWithBoth(_ text: String) { #expect(problems(text) == []) }

    @Test(arguments: [
        ("[tls]\ncertificate = \"c.pem\"", "c.toml:2:1: tls.certificate: needs tls.key, the file of its private key"),
        ("[tls]\nkey = \"c.pem\"", "c.toml:2:1: tls.key: needs tls.certificate, the file of the certificate"),
        (
            "[tls]\ncertificate = \"c\"\nkey = \"k\"\nrequire_client_certificate = true",
            "c.toml:4:1: tls.require_client_certificate: needs tls.client_ca: the authorities whose certificates count"
        ),
        (
            "[[agents]]\nname = \"a\"\ncertificates = [\"spiffe://x\"]",
            "c.toml:3:1: agents.certificates: agent \"a\" has certificates, which need tls.client_ca: the authorities that count"
        ),
    ])
    func tlsKeysBelongTogether(_ text: String, _ expected: String) { #expect(problems(text) == [expected]) }

    @Test(arguments: ["", "with space", "caf\u{e9}", "sha256:AB", "sha256:" + String(repeating: "A", count: 64)])
    func certificateNameIsRefused(_ name: String) {
        let found = problems(
            "[tls]\ncertificate = \"c\"\nkey = \"k\"\nclient_ca = \"a\"\n[[agents]]\nname = \"a\"\ncertificates = [\"\(name)\"]"
        )
        #expect(found.count == 1 && found[0].hasPrefix("c.toml:7:"), "\(found)")
    }

    @Test(arguments: ["127.0.0.1", "127.8.9.255", "::1", "[::1]", "localhost", "LOCALHOST"])
    func loopbackHostIsAccepted(_ host: String) {
        #expect(problems("[server]\nhost = \"\(host)\"") == [])
    }

    static let backends: [Case] = [
        Case("command = \"a\"", "c.toml:1:1: backends[0]: has no 'name'; every backend needs one"),
        Case("name = \"a\"", "c.toml:1:1: backends[0]: has no 'command', which transport \"stdio\" needs"),
        Case(
            "name = \"a\"\ntransport = \"http\"",
            "c.toml:1:1: backends[0]: has no 'url', which transport \"http\" needs"),
        Case(
            "name = \"a\"\ntransport = \"stdio\"\nurl = \"http://a\"",
            "c.toml:1:1: backends[0]: has no 'command', which transport \"stdio\" needs",
            "c.toml:4:1: backends[0].url: has no meaning with transport \"stdio\"; remove it"),
        Case(
            "name = \"a\"\ncommand = \"b\"\nurl = \"http://a\"",
            "c.toml:4:1: backends[0].url: a backend has either 'command' (stdio) or 'url' (http), not both"),
        Case(
            "name = \"a\"\nurl = \"http://a\"\nargs = [\"x\"]",
            "c.toml:4:1: backends[0].args: has no meaning with transport \"http\"; remove it"),
        Case(
            "name = \"a\"\ntransport = \"sse\"\nurl = \"http://a\"",
            "c.toml:3:1: backends[0].transport: must be one of \"stdio\", \"http\", not \"sse\""),
        Case("name = \"a\"\ncommand = \"\"", "c.toml:3:1: backends[0].command: must not be empty"),
        Case("name = \"a\"\ncommand = [\"x\"]", "c.toml:3:1: backends[0].command: must be a string, not an array"),
        Case(
            "name = \"a\"\ncommand = \"x\"\nargs = \"-v\"",
            "c.toml:4:1: backends[0].args: must be an array of strings, not a string"),
        Case(
            "name = \"a\"\ncommand = \"x\"\nargs = [\n  \"-p\",\n  80,\n]",
            "c.toml:6:3: backends[0].args[1]: must be a string, not a whole number; put it in quotes"),
        Case(
            "name = \"a\"\ncommand = \"x\"\nenv = { A = 1 }",
            "c.toml:4:9: backends[0].env.A: must be a string, not a whole number; put it in quotes"),
        Case(
            "name = \"a\"\ncommand = \"x\"\nenv = [\"A=1\"]",
            "c.toml:4:1: backends[0].env: must be a table of strings, not an array"),
        Case(
            "name = \"a\"\ncommand = \"x\"\n[backends.env]\n\"A=B\" = \"1\"",
            "c.toml:5:1: backends[0].env.\"A=B\": is no name of an environment variable: use letters, digits and '_', not beginning with a digit"
        ),
        Case(
            "name = \"a\"\ncommand = \"x\"\nrequest_timeout = 0",
            "c.toml:4:1: backends[0].request_timeout: must be from 1 to 86400000 ms, not 0"),
        Case(
            "name = \"a\"\ncommand = \"x\"\nprotocol = \"new\"",
            "c.toml:4:1: backends[0].protocol: must be one of \"auto\", \"legacy\", \"modern\", not \"new\""),
        Case(
            "name = \"a\"\ncommand = \"x\"\nenabled = 1",
            "c.toml:4:1: backends[0].enabled: must be true or false, not a whole number"),
        Case(
            "name = \"a\"\ncommand = \"x\"\ntools = [\"a\"]",
            "c.toml:4:1: backends[0].tools: must be a table { allow = […], deny = […] }, not an array"),
        Case(
            "name = \"a\"\ncommand = \"x\"\ntools = { alow = [] }",
            "c.toml:4:11: backends[0].tools.alow: unknown key; did you mean 'allow'?"),
        Case(
            "name = \"a\"\ncommand = \"x\"\ntools = { deny = [\"\"] }",
            "c.toml:4:19: backends[0].tools.deny[0]: must not be empty; \"*\" stands for everything"),
        Case(
            "name = \"a\"\ncommand = \"x\"\ncomand = \"y\"",
            "c.toml:4:1: backends[0].comand: unknown key; did you mean 'command'?"),
        Case("name = \"a\"\nurl = \"ftp://x\"", "c.toml:3:1: backends[0].url: must begin with http:// or https://"),
        Case("name = \"a\"\nurl = \"http://\"", "c.toml:3:1: backends[0].url: has no host"),
        Case(
            "name = \"a\"\nurl = \"http://x\"\nheaders = { Host = \"y\" }",
            "c.toml:4:13: backends[0].headers.Host: is set by the gateway itself; remove it"),
        Case(
            "name = \"a\"\nurl = \"http://x\"\nheaders = { A = \"x\\r\\nB: y\" }",
            "c.toml:4:13: backends[0].headers.A: must not hold line breaks or other control characters"),
        Case(
            "name = \"a\"\nurl = \"http://x\"\nheaders = { \"A B\" = \"x\" }",
            "c.toml:4:13: backends[0].headers.\"A B\": is no header name: use letters, digits and '-'"),
        Case(
            "name = \"a\"\nurl = \"http://x\"\nheaders = { X-A = \"1\", x-a = \"2\" }",
            "c.toml:4:24: backends[0].headers.x-a: is the same header as \"X-A\"; header names have no case"),
        Case(
            "name = \"a b\"\ncommand = \"x\"",
            "c.toml:2:1: backends[0].name: \"a b\" is no backend name: use 1 to 64 letters, digits, '-', '_' and '.', beginning with a letter or digit"
        ),
    ]

    @Test(arguments: backends) func backendProblem(_ test: Case) {
        #expect(problems("[[backends]]\n" + test.text) == test.expected)
    }

    @Test func namesMustDifferAlsoWhenFolded() {
        func pair(_ a: String, _ b: String) -> [String] {
            problems("[[backends]]\nname=\"\(a)\"\ncommand=\"x\"\n[[backends]]\nname=\"\(b)\"\ncommand=\"x\"")
        }
        #expect(pair("a", "b") == [])
        #expect(pair("ab", "a_b") == [])
        #expect(
            pair("a", "a") == ["c.toml:5:1: backends[1].name: \"a\" is also the name of backends[0]; names must differ"]
        )
        for (a, b) in [("a", "A"), ("a-b", "a_b"), ("a.b", "A-B"), ("a__b", "a-b")] {
            #expect(
                pair(a, b) == [
                    "c.toml:5:1: backends[1].name: \"\(b)\" is the same as \"\(a)\", the name of backends[0], to clients "
                        + "that fold case and separators; names must differ in more than that"
                ])
        }
    }

    @Test(arguments: ["", "-a", ".a", "_a", "a/b", "a b", "é", "a\u{212A}", String(repeating: "a", count: 65), "a\n"])
    func badNames(_ name: String) {
        #expect(BackendName.problem(name) != nil)
    }

    @Test(arguments: ["gate", "Gate", "mcp", "UI", "gate_call", "gate-x", "GATE.y", "gate__z"])
    func reservedNames(_ name: String) {
        #expect(BackendName.problem(name)?.contains("is reserved") == true)
    }

    @Test(arguments: ["a", "9", "A.b-c_d", "gateway", "mcp2", String(repeating: "a", count: 64)])
    func goodNames(_ name: String) {
        #expect(BackendName.problem(name) == nil)
    }
}
