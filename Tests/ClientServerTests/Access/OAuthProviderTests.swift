import GateProtocol
import GateTestKit
import Testing

/// A provider and a client of others: the client is told the gateway's address, and signs in.
@Suite(.serialized) struct OAuthProviderTests {
    private static func gateway(_ provider: PythonServer) async throws -> GatewayProcess {
        let gateway = try await GatewayProcess.start(
            """
            [oauth]
            issuer = "\(provider.url)"
            required_scopes = ["mcp:use"]
            tenant_claim = "org"

            [[tenants]]
            name = "acme"
            allow = ["one/*"]

            """ + Backends.fake("one") + Backends.fake("two"))
        try await gateway.running(["one", "two"])
        return gateway
    }

    private static func start(_ flags: [String] = []) async throws -> PythonServer {
        let script = Products.checkout + "/Tests/python/provider.py"
        let program = try Program(Products.python("provider"), [script] + flags)
        return PythonServer(program: program, url: try await program.address())
    }

    private static func signIn(_ user: String, _ gateway: GatewayProcess, _ mode: String) async throws
        -> PythonClient.Run
    {
        let script = Products.checkout + "/Tests/python/client_oauth.py"
        let run = try await Program.run(
            Products.python("new"),
            [
                script, "--url", gateway.baseURL + "/mcp", "--answer", user, "--mode", mode, "--", "echo",
                #"{"text":"hello"}"#,
            ])
        let steps = run.output.split(separator: "\n").compactMap { try? JSONValue(parsing: String($0)) }
        return PythonClient.Run(exit: run.exit, steps: steps, errors: run.errors)
    }

    @Test func theOfficialClientSignsInByItself() async throws {
        let provider = try await Self.start()
        let gateway = try await Self.gateway(provider)
        var token = ""
        for (mode, user, revision) in [("auto", "ann", "2026-07-28"), ("legacy", "bob@example.com", "2025-11-25")] {
            let run = try await Self.signIn(user, gateway, mode)
            #expect(run.exit == .code(0), "\(run.steps) \(run.errors)")
            #expect(run.all("signed_in").first?["at"] == .string(provider.url))
            #expect(run.all("connected").first?["protocol"] == .string(revision))
            #expect(run.tools.count { $0.hasSuffix("echo") } == 1, "one of the two: \(run.tools)")
            #expect(run.texts == ["hello"])
            token = try #require(run.all("token").first?["access_token"]?.stringValue)
            let log = try JSONReply(await gateway.admin("GET", "/log?limit=1")).json["calls"]?.arrayValue?.first
            #expect(log?["agent"] == .string("acme/\(user)"))
        }
        // The same token over REST; not where it was made for somebody else.
        #expect(try await gateway.get("/tools", headers: Bearer.headers(token)).status == 200)
        let other = try await Self.gateway(provider)
        let reply = try await other.get("/tools", headers: Bearer.headers(token))
        #expect(reply.status == 401 && reply.text.contains("for another audience"))
        #expect(!gateway.program.errors.all.contains { $0.contains("eyJ") }, "no token in the log")
        #expect(try await gateway.stop() == .code(0))
        #expect(try await other.stop() == .code(0))
    }

    /// Who is nobody here does not come in, however well the provider knows him; and there is no loop of signing in.
    @Test func aStrangerOfTheProviderStaysOutside() async throws {
        let provider = try await Self.start(["--org", "globex"])
        let gateway = try await Self.gateway(provider)
        let run = try await Self.signIn("eve", gateway, "legacy")
        #expect(run.exit != .code(0) && run.texts.isEmpty)
        #expect(run.all("signed_in").count == 1)
        #expect(try await gateway.stop() == .code(0))
    }
}
