import GateProtocol
import GateTestKit
import Synchronization
import Testing

/// V-13: the provider's keys, when they change, are gone, or are bait.
@Suite(.serialized) struct OAuthKeyTests {
    private static func config(_ issuer: String, _ more: String = "") throws -> String {
        try """
        [oauth]
        issuer = "\(issuer)"
        tenant = "acme"
        \(more)

        [limits]
        auth_failures_per_minute = 100000

        [[tenants]]
        name = "acme"
        allow = ["*"]

        """ + Backends.fake("one")
    }

    /// A provider that publishes what it is told to.
    private final class Published: Sendable {
        enum Answer: Sendable { case set(String), silent, status(Int, String, [String: String]) }
        private let current: Mutex<Answer>
        init(_ answer: Answer) { current = Mutex(answer) }
        func publish(_ answer: Answer) { current.withLock { $0 = answer } }

        func server() throws -> ScriptedServer {
            try ScriptedServer { request in
                let host = "http://" + (request["host"] ?? "")
                if request.path.hasSuffix("/openid-configuration") {
                    return .ok(#"{"issuer":"\#(host)","jwks_uri":"\#(host)/keys"}"#)
                }
                guard request.path == "/keys" else { return .reply(404, "") }
                switch self.current.withLock({ $0 }) {
                case .set(let text): return .ok(text)
                case .silent: return .hold
                case .status(let status, let body, let headers): return .reply(status, body, headers: headers)
                }
            }
        }
    }

    private func status(_ gateway: GatewayProcess, _ token: String) async throws -> Int {
        try await gateway.get("/tools", headers: Bearer.headers(token)).status
    }

    /// New keys are found without a restart; old ones end, with what they opened.
    @Test func keysChangeWhileTheGatewayRuns() async throws {
        var old = try Provider([.rsa])
        var new = Provider(keys: [try TestKey(.p256, id: "new")])
        let published = Published(.set(try old.set()))
        let server = try published.server()
        old.issuer = server.url
        new.issuer = server.url
        let gateway = try await GatewayProcess.start(Self.config(server.url))
        try await gateway.running(["one"])
        try await gateway.log("identity provider \(server.url): 1 keys")
        let (before, after) = (try old.token(for: gateway.port, .rsa), try new.token(for: gateway.port, .p256))
        #expect(try await status(gateway, before) == 200)
        #expect(try await status(gateway, after) == 401)
        let (opened, open) = AsyncStream<Void>.makeStream()
        let port = gateway.port
        async let cut = OpenStream.cut(port, "/events", Bearer.headers(before), open)
        for await _ in opened { break }

        published.publish(.set(TestTokens.set(try (old.keys + new.keys).map { try $0.jwk() })))
        var mark = gateway.logged
        #expect(try await gateway.command(["reload"]).exit == .code(0))
        try await gateway.log("identity provider \(server.url): 2 keys", from: mark)
        #expect(try await status(gateway, before) == 200)
        #expect(try await status(gateway, after) == 200)

        published.publish(.set(try new.set()))
        mark = gateway.logged
        #expect(try await gateway.command(["reload"]).exit == .code(0))
        try await gateway.log("identity provider \(server.url): 1 keys", from: mark)
        let changed = ContinuousClock.now
        #expect(try await status(gateway, before) == 401)
        #expect(try await status(gateway, after) == 200)
        #expect(try await changed.duration(to: cut) < .seconds(2), "what the old key opened is cut")

        // The provider is gone: what is known goes on.
        published.publish(.status(500, "", [:]))
        mark = gateway.logged
        #expect(try await gateway.command(["reload"]).exit == .code(0))
        try await gateway.log("gave no keys; those known before count for a day", from: mark)
        #expect(try await status(gateway, after) == 200)
        #expect(try await gateway.stop() == .code(0))
    }

    /// A thousand names of keys that there are not, and the provider is asked twice at most.
    @Test func unknownNamesAreNoWayToMakeTheGatewayAsk() async throws {
        var provider = try Provider([.ed25519])
        let server = try Published(.set(try provider.set())).server()
        provider.issuer = server.url
        let gateway = try await GatewayProcess.start(Self.config(server.url, "jwks_url = \"\(server.url)/keys\""))
        try await gateway.log("1 keys")
        let own = try TestKey(.ed25519, id: nil)
        let claims = provider.claims("ann", for: gateway.port)
        let began = ContinuousClock.now
        for number in 0..<1_000 {
            let token = try TestTokens.make(own, claims, header: [("kid", .string("k\(number)"))])
            #expect(try await status(gateway, token) == 401)
        }
        let lasted = began.duration(to: .now)
        let asked = server.requests.all.count
        #expect(asked <= 2 + Int(lasted / .seconds(30)), "\(asked) questions in \(lasted)")
        #expect(try await status(gateway, provider.token(for: gateway.port)) == 200)
        #expect(try await gateway.stop() == .code(0))
    }

    /// A provider that does not answer holds up those alone who need its answer.
    @Test func aSlowProviderHoldsUpNobodyElse() async throws {
        var provider = try Provider([.ed25519])
        let published = Published(.set(try provider.set()))
        let server = try published.server()
        provider.issuer = server.url
        let gateway = try await GatewayProcess.start(Self.config(server.url, "jwks_url = \"\(server.url)/keys\""))
        try await gateway.running(["one"])
        try await gateway.log("1 keys")
        published.publish(.silent)
        let mark = server.requests.all.count
        #expect(try await gateway.command(["reload"]).exit == .code(0))
        _ = try await server.requests.first(from: mark) { _ in true }
        let other = try TestTokens.make(
            TestKey(.ed25519, id: "new"), provider.claims("ann", for: gateway.port))
        let port = gateway.port
        async let waits = HTTP.get(port: port, "/tools", headers: Bearer.headers(other))
        let began = ContinuousClock.now
        for number in 0..<50 {
            // Tokens that were never seen, so that each is verified.
            let token = try provider.token(for: port, .ed25519, [("jti", .init(number))])
            #expect(try await status(gateway, token) == 200)
        }
        #expect(began.duration(to: .now) < .seconds(5))
        let reply = try await waits
        #expect(reply.status == 401 && reply["Retry-After"] != nil)
        #expect(try await gateway.stop() == .code(0))
    }

    /// What a hostile provider answers lets nobody in, and the log says why.
    @Test(arguments: ["redirect", "huge", "html", "other issuer"]) func aHostileProviderLetsNobodyIn(
        _ kind: String
    ) async throws {
        var provider = try Provider([.ed25519])
        let trap = try Published(.set(try provider.set())).server()
        let answers: [String: (Published.Answer, String)] = [
            "redirect": (.status(302, "", ["Location": trap.url + "/keys"]), "redirects (302), which is not followed"),
            "huge": (.status(200, String(repeating: " ", count: 4 << 20) + (try provider.set()), [:]), "/keys: "),
            "html": (.status(200, "<html>", ["Content-Type": "text/html"]), "is not the JSON of a key set"),
            "other issuer": (.set(try provider.set()), "is of another issuer than oauth.issuer"),
        ]
        let (answer, words) = try #require(answers[kind])
        let server = try Published(answer).server()
        // The name that is asked is not the name in its metadata.
        provider.issuer =
            kind == "other issuer" ? server.url.replacing("127.0.0.1", with: "localhost") + "/" : server.url
        let gateway = try await GatewayProcess.start(Self.config(provider.issuer))
        let line = try await gateway.log("gave no keys")
        #expect(line.contains(words), "\(line)")
        let reply = try await gateway.get("/tools", headers: Bearer.headers(provider.token(for: gateway.port)))
        #expect(reply.status == 503)
        #expect(try JSONReply(reply).json["code"] == "ISSUER_UNAVAILABLE")
        #expect(reply["Retry-After"] != nil && reply["WWW-Authenticate"] == nil)
        let health = try JSONReply(await gateway.admin("GET", "/health")).json
        #expect(health["warnings"]?.text.contains("tokens of \(provider.issuer) are refused") == true)
        // What does not hang on the provider goes on.
        #expect(try await gateway.admin("GET", "/tools").status == 200)
        #expect(trap.requests.all.isEmpty)
        #expect(try await gateway.stop() == .code(0))
    }
}
