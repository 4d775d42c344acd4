import GateProtocol
import GateTestKit
import Testing

/// Tokens of an identity provider, in the real gateway.
@Suite(.serialized) struct OAuthTests {
    private static func config(_ oauth: String, tenants: String = "") throws -> String {
        try """
        [oauth]
        issuer = "\(Provider.issuer)"
        required_scopes = ["mcp:use"]
        tenant_claim = "org"
        \(oauth)

        [[tenants]]
        name = "acme"
        allow = ["one/*"]
        deny = ["one/hang"]

        [[tenants]]
        name = "globex"
        allow = ["two/*"]

        [[agents]]
        name = "ci"
        tenant = "acme"
        allow = ["one/echo"]

        """ + Backends.fake("one") + Backends.fake("two")
    }

    private func start(_ provider: Provider, _ directory: TemporaryDirectory) async throws -> GatewayProcess {
        let path = try directory.write(provider.set(), to: "keys.json")
        let gateway = try await GatewayProcess.start(Self.config("jwks_file = \"\(path)\""), directory: directory)
        try await gateway.running(["one", "two"])
        return gateway
    }

    private func tools(_ gateway: GatewayProcess, _ token: String) async throws -> Set<String> {
        let reply = try JSONReply(await gateway.get("/tools", headers: Bearer.headers(token)))
        let tools = reply.json["tools"]?.arrayValue ?? []
        return Set(tools.compactMap { "\($0["server"]?.stringValue ?? "")/\($0["tool"]?.stringValue ?? "")" })
    }

    @Test func whoComesWithATokenIsOfItsTenant() async throws {
        let provider = try Provider()
        let gateway = try await start(provider, TemporaryDirectory())
        let port = gateway.port
        // A key of each kind.
        for kind in [TestKey.Kind.rsa, .p256, .ed25519] {
            let seen = try await tools(gateway, provider.token(for: port, kind))
            #expect(seen.contains("one/echo") && !seen.contains("one/hang") && !seen.contains("two/echo"), "\(kind)")
        }
        // An agent of the configuration has its own rules; another tenant other tools.
        #expect(try await tools(gateway, provider.token("ci", for: port)) == ["one/echo"])
        let other = try await tools(gateway, provider.token(for: port, .rsa, [("org", "globex")]))
        #expect(other.contains("two/echo") && !other.contains("one/echo"))

        // The identity in calls, the log and the statistics.
        var headers = Bearer.headers(try provider.token("auth0|ann/x", for: port))
        headers["X-Stonegate-Agent"] = "globex/boss"
        let call = try JSONReply(
            await gateway.post(
                "/call", headers: headers, json: #"{"server":"one","tool":"echo","arguments":{"text":"mine"}}"#))
        #expect(call.text == "mine", "\(call.json)")
        let log = try JSONReply(await gateway.admin("GET", "/log?limit=1")).json["calls"]?.arrayValue?.first
        #expect(log?["agent"] == "acme/auth0|ann/x")
        let stats = try JSONReply(await gateway.get("/stats", headers: headers)).json
        #expect(stats["total_calls"] == 1)
        for (id, item, code) in [("acme/auth0|ann/x", "one/echo", Int32(0)), ("acme/ci", "one/add", 4)] {
            #expect(try await gateway.command(["explain-access", id, item]).exit == .code(code), "\(id)")
        }
        // The operator goes on as before, and nothing else is open.
        #expect(try await gateway.admin("GET", "/config").status == 200)
        #expect(try await gateway.get("/config", headers: headers).status == 401)
        for path in ["/authorize", "/register", "/token", "/.well-known/oauth-authorization-server"] {
            #expect(try await gateway.get(path).status == 404, "\(path)")
        }
        #expect(try await gateway.stop() == .code(0))
        #expect(!gateway.program.errors.all.contains { $0.contains("eyJ") }, "no token in the log")
    }

    @Test func refusalsSendClientsToTheProvider() async throws {
        let provider = try Provider([.ed25519])
        let gateway = try await start(provider, TemporaryDirectory())
        let port = gateway.port
        let metadata = "http://127.0.0.1:\(port)/.well-known/oauth-protected-resource/mcp"
        for path in ["/mcp", "/mcp/one", "/"] {
            let bare = try await gateway.post(path, json: FakeMCP.initialize)
            #expect(bare.status == 401)
            #expect(
                bare["WWW-Authenticate"]
                    == #"Bearer realm="stonegate", resource_metadata="\#(metadata)", scope="mcp:use""#)
        }
        for path in ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"] {
            let reply = try JSONReply(await gateway.get(path))
            #expect(reply.status == 200)
            #expect(reply.json["resource"] == .string("http://127.0.0.1:\(port)/mcp"))
            #expect(reply.json["authorization_servers"] == [.string(Provider.issuer)])
            #expect(reply.json["scopes_supported"] == ["mcp:use"])
            #expect(reply.json["bearer_methods_supported"] == ["header"])
        }
        func refusal(_ changes: [(String, JSONValue?)]) async throws -> HTTPReply {
            try await gateway.post(
                "/mcp", headers: Bearer.headers(provider.token(for: port, .ed25519, changes)), json: FakeMCP.initialize)
        }
        for scope: JSONValue? in ["other", nil, "mcp:user MCP:USE", []] {
            let reply = try await refusal([("scope", scope)])
            #expect(reply.status == 403)
            #expect(try JSONReply(reply).json["code"] == "INSUFFICIENT_SCOPE")
            let challenge = try #require(reply["WWW-Authenticate"])
            #expect(challenge.contains(#"error="insufficient_scope""#) && challenge.contains(#"scope="mcp:use""#))
            #expect(challenge.contains("resource_metadata=\"\(metadata)\""))
        }
        // A good token of somebody who is nobody here.
        for changes: [(String, JSONValue?)] in [
            [("org", "nobody")], [("org", nil)], [("org", ["acme"])], [("org", "ACME")], [("sub", nil)],
            [("sub", "two words")], [("sub", "ä")], [("sub", .string(String(repeating: "x", count: 256)))],
        ] {
            let reply = try await refusal(changes)
            #expect(reply.status == 403, "\(changes)")
            #expect(try JSONReply(reply).json["code"] == "ACCESS_REFUSED", "\(changes)")
        }
        #expect(try await refusal([]).status == 200)
        #expect(try await gateway.stop() == .code(0))
    }

    /// Sessions and asynchronous calls belong to the subject, whichever of its tokens comes.
    @Test func aSessionIsItsSubjects() async throws {
        let provider = try Provider([.ed25519, .p256])
        let gateway = try await start(provider, TemporaryDirectory())
        let port = gateway.port
        let hello = try await gateway.post(
            "/mcp", headers: Bearer.headers(provider.token("ann", for: port)), json: FakeMCP.initialize)
        let session = try #require(hello["Mcp-Session-Id"], "\(hello.text)")
        func status(_ token: String?) async throws -> Int {
            var headers = token.map(Bearer.headers) ?? [:]
            headers["Mcp-Session-Id"] = session
            return try await gateway.post(
                "/mcp", headers: headers, json: #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#
            ).status
        }
        #expect(try await status(provider.token("ann", for: port, .p256, [("jti", "another")])) == 200)
        #expect(try await status(provider.token("bob", for: port)) == 404)
        #expect(try await status(provider.token("ann", for: port, .p256, [("org", "globex")])) == 404)
        #expect(try await status(nil) == 401)
        let accepted = try JSONReply(
            await gateway.post(
                "/call/async", headers: Bearer.headers(provider.token("ann", for: port)),
                json: #"{"server":"one","tool":"echo","arguments":{"text":"later"}}"#))
        let id = try #require(accepted.json["call_id"]?.stringValue)
        let own = Bearer.headers(try provider.token("ann", for: port, .p256))
        #expect(try JSONReply(await gateway.get("/call/\(id)?wait_ms=5000", headers: own)).text == "later")
        let foreign = Bearer.headers(try provider.token("bob", for: port))
        #expect(try await gateway.get("/call/\(id)", headers: foreign).status == 404)
        #expect(try await gateway.stop() == .code(0))
    }

    /// What a token opened ends with it.
    @Test func anExpiredTokenCutsItsStreams() async throws {
        let provider = try Provider([.ed25519])
        let gateway = try await start(provider, TemporaryDirectory())
        let began = ContinuousClock.now
        let token = try provider.token(for: gateway.port, .ed25519, [("exp", .init(Provider.now + 3))])
        let (opened, open) = AsyncStream<Void>.makeStream()
        async let cut = OpenStream.cut(gateway.port, "/events", Bearer.headers(token), open)
        for await _ in opened { break }
        let lasted = try await began.duration(to: cut)
        #expect(lasted > .seconds(1) && lasted < .seconds(5), "\(lasted)")
        #expect(try await gateway.get("/tools", headers: Bearer.headers(token)).status == 401)
        #expect(try await gateway.stop() == .code(0))
    }

    /// A tenant that goes takes those with it that came in as its.
    @Test func aTenantThatGoesCutsItsStreams() async throws {
        let directory = try TemporaryDirectory()
        let provider = try Provider([.ed25519])
        let gateway = try await start(provider, directory)
        let token = try provider.token(for: gateway.port, .ed25519, [("org", "globex")])
        let (opened, open) = AsyncStream<Void>.makeStream()
        async let cut = OpenStream.cut(gateway.port, "/events", Bearer.headers(token), open)
        for await _ in opened { break }
        let mark = gateway.logged
        try gateway.rewriteConfig(
            Self.config("jwks_file = \"\(directory.file("keys.json"))\"").replacing("globex", with: "initech"))
        try await gateway.log("configuration reloaded", from: mark)
        let reloaded = ContinuousClock.now
        #expect(try await reloaded.duration(to: cut) < .seconds(1))
        #expect(try await gateway.get("/tools", headers: Bearer.headers(token)).status == 403)
        #expect(try await gateway.stop() == .code(0))
    }

    /// A file that holds no keys keeps the gateway from starting, with the place and what to do.
    @Test func aFileWithoutKeysIsRefusedAtTheStart() async throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(#"{"keys":[]}"#, to: "keys.json")
        let config = try directory.write(
            "[server]\nport = \(try Sockets.freePort())\ndata_dir = \"\(directory.file("data"))\"\n\n"
                + Self.config("jwks_file = \"\(path)\""), to: "config.toml")
        let run = try await Program.run(Products.path("stonegate"), ["serve", "--config", config])
        #expect(run.exit == .code(78))
        #expect(run.errors.contains("\(path): oauth.jwks_file: ") && run.errors.contains("has no public key"))
        let check = try await Program.run(Products.path("stonegate"), ["check", "--config", config])
        #expect(check.exit == .code(78) && check.errors.contains("oauth.jwks_file: "))
    }
}
