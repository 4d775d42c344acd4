import Testing

@testable import GateConfig

@Suite struct BackendOAuthConfigTests {
    private func text(_ oauth: String, url: String = "https://api.example/mcp", more: String = "") -> String {
        "[[backends]]\nname = \"a\"\nurl = \"\(url)\"\n\(more)\n[backends.oauth]\n\(oauth)"
    }

    private static let full = """
        token_url = "https://id.example/token?v=2"
        client_id = "gate"
        client_secret = "${SECRET}"
        scopes = ["read", "write:all"]
        audience = "aud"
        resource = "https://api.example/"
        auth_method = "post"
        ca_file = "id.pem"
        """

    @Test func isRead() throws {
        let loaded = try load(text(Self.full), environment: ["HOME": "/home/ann", "SECRET": "s3cret"])
        guard case .http(let endpoint)? = loaded.config.backends.first?.connection, let oauth = endpoint.oauth else {
            Issue.record("no oauth")
            return
        }
        #expect(oauth.tokenURL.exposed == "https://id.example/token?v=2" && oauth.clientSecret.exposed == "s3cret")
        #expect(oauth.scopes == ["read", "write:all"] && oauth.audience == "aud" && oauth.authMethod == .post)
        #expect(oauth.resource == "https://api.example/" && oauth.caFile == "/etc/gate/id.pem")
        #expect(loaded.literalSecrets == [])
        for shown in [EffectiveConfig(loaded.config).toml, EffectiveConfig(loaded.config).json] {
            #expect(!shown.contains("s3cret") && !shown.contains("v=2") && shown.contains("https://id.example/token"))
        }
        // What is kept of a server that was added at run time is the same server.
        let backend = try #require(loaded.config.backends.first)
        #expect(try BackendConfig.validated(json: backend.json(secrets: .exposed).utf8) == backend)
        #expect(!backend.json(secrets: .hidden).contains("s3cret"))
    }

    @Test func aSecretInTheFileIsNoted() throws {
        let loaded = try load(text("token_url = \"http://localhost/t\"\nclient_id = \"a\"\nclient_secret = \"b\""))
        #expect(loaded.literalSecrets == ["backends[0].oauth.client_secret"])
    }

    @Test(arguments: [
        ("", "c.toml:5:1: backends[0].oauth: has no 'token_url'"),
        (
            "token_url = \"http://id.example/\"",
            "backends[0].oauth.token_url: must begin with https://, or lead to this machine"
        ),
        ("token_url = \"https://u:p@id.example/\"", "must not hold user information"),
        ("token_url = \"https://0x7f.1/\"", "ends in a number and is no IPv4 address"),
        ("client_secret = \"\"", "backends[0].oauth.client_secret: must have 1 to 2048 bytes"),
        ("scopes = [\"a b\"]", "backends[0].oauth.scopes[0]: must be one scope"),
        ("auth_method = \"jwt\"", "backends[0].oauth.auth_method: "),
        ("token = \"x\"", "backends[0].oauth.token: unknown key"),
    ])
    func problemsHavePlaces(oauth: String, expected: String) {
        let found = problems(text(oauth))
        #expect(found.contains { $0.contains(expected) }, "\(found)")
    }

    @Test func tokensAreNotSentInTheClearOrBesideAnotherCredential() {
        let good = "token_url = \"https://id.example/\"\nclient_id = \"${A:-a}\"\nclient_secret = \"${B:-b}\""
        #expect(problems(text(good)) == [])
        #expect(problems(text(good, url: "http://127.0.0.1:8080/mcp")) == [])
        #expect(
            problems(text(good, url: "http://api.example/mcp")).first?.contains(
                "must begin with https:// where 'oauth'") == true)
        let twice = problems(text(good, more: "headers = { authorization = \"${X:-x}\" }"))
        #expect(twice.first?.contains("exclude each other") == true)
        let pipe = "[[backends]]\nname = \"a\"\ncommand = \"x\"\n[backends.oauth]\n" + good
        #expect(problems(pipe).first?.contains("has no meaning with transport \"stdio\"") == true)
    }
}
