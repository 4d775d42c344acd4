import Foundation
import GateProtocol
import GateTestKit
import Testing

/// Access tokens for servers (client credentials), with real token servers and the real gateway.
@Suite(.serialized, .timeLimit(.minutes(3))) struct BackendTokenTests {
    private func backend(_ name: String, _ url: String, _ tokens: String, _ oauth: String = "", _ more: String = "")
        -> String
    {
        """
        [[backends]]
        name = "\(name)"
        url = "\(url)"
        \(more)
        [backends.oauth]
        token_url = "\(tokens)"
        client_id = "gate"
        client_secret = "${file:secret}"
        \(oauth)


        """
    }

    private func directory() throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let path = directory.file("secret")
        try #require(
            FileManager.default.createFile(
                atPath: path, contents: Data("secret-canary\n".utf8), attributes: [.posixPermissions: 0o600]))
        return directory
    }

    /// Calls a tool until it has an answer.
    private func answer(_ gateway: GatewayProcess, _ server: String, _ text: String) async throws -> Bool {
        try await eventually { try await gateway.call(server, "echo", ["text": .string(text)]).text == text }
    }

    @Test func theTokenIsShownToTheServerAndTheSecretToNobodyElse() async throws {
        let tokens = try TokenServer()
        let server = try RecordingMCP(refuse: tokens.guardian)
        let other = try RecordingMCP()
        let gateway = try await GatewayProcess.start(
            backend(
                "api", server.url, tokens.url, "scopes = [\"read\", \"write\"]\naudience = \"https://api.example/\"")
                + backend("post", server.url, tokens.url, "auth_method = \"post\"", "headers = { X-Team = \"red\" }")
                + Backends.http("open", other.url),
            directory: directory())
        try await gateway.running(["api", "post", "open"])
        for name in ["api", "post", "open"] {
            let call = try await gateway.post(
                "/call", headers: ["Authorization": "Bearer agents-own-canary"],
                json: #"{"server":"\#(name)","tool":"echo","arguments":{"text":"hello"}}"#)
            #expect(try JSONReply(call).text == "hello")
        }
        #expect(tokens.requests.count == 2)
        let bodies = tokens.requests.sorted { $0.body < $1.body }.map(\.body)
        #expect(bodies.first == "grant_type=client_credentials&client_id=gate&client_secret=secret-canary")
        #expect(bodies.last == "grant_type=client_credentials&scope=read+write&audience=https%3A%2F%2Fapi.example%2F")
        let basic = tokens.requests.compactMap { $0["authorization"] }
        #expect(basic == ["Basic " + Data("gate:secret-canary".utf8).base64EncodedString()])
        #expect(tokens.requests.allSatisfy { $0.method == "POST" && $0["x-team"] == nil })
        #expect(server.requests.allSatisfy { $0["authorization"]?.hasPrefix("Bearer tok-") == true })
        #expect(Set(server.requests.compactMap { $0["authorization"] }).count == 2, "each server has its own")
        #expect(other.requests.allSatisfy { $0["authorization"] == nil })
        // A connection shows the same token all its life.
        let connections = Dictionary(grouping: server.requests, by: \.connection)
        #expect(connections.values.allSatisfy { Set($0.map { $0["authorization"] }).count == 1 })

        for path in ["/config", "/server/list", "/log", "/stats", "/events?format=json&after=0"] {
            let text = try await gateway.admin("GET", path).text
            for secret in ["secret-canary", "tok-1", "tok-2"] {
                #expect(!text.contains(secret), "\(secret) in \(path)")
            }
        }
        #expect(try await gateway.admin("GET", "/config").text.contains(#""client_secret":"***""#))
        #expect(try await gateway.stop() == .code(0))
        let log = gateway.program.errors.all.joined(separator: "\n")
        #expect(!log.contains("canary") && !log.contains("tok-"))
    }

    /// A 401 is the call's answer, and means that it was not carried out. It is not sent again; the token is fetched anew, once for all
    /// calls that come.
    @Test func aRefusedTokenIsReplacedByOneRequestForAHundredCalls() async throws {
        let tokens = try TokenServer()
        let server = try RecordingMCP(refuse: tokens.guardian)
        let gateway = try await GatewayProcess.start(
            "[gateway]\nmax_connections = 400\n\n" + backend("api", server.url, tokens.url, "", "max_in_flight = 200"),
            directory: directory())
        try await gateway.running(["api"])
        #expect(tokens.requests.count == 1)
        tokens.revoke()
        tokens.hold()
        let refused = try await gateway.call("api", "echo", ["text": "refused"])
        #expect(refused.json["code"] == "BACKEND_ERROR" && refused.json["sent"] == false, "\(refused.json)")
        #expect(refused.json["error"]?.stringValue?.contains("HTTP 401") == true)
        #expect(server.requests.count { $0.body.contains("refused") } == 1)
        let answers = try await withThrowingTaskGroup(of: String?.self) { group in
            for number in 0..<100 {
                group.addTask { try await gateway.call("api", "echo", ["text": .string("n\(number)")]).text }
            }
            #expect(try await eventually { try await gateway.server("api")["in_flight"] == 100 })
            tokens.release()
            return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
        }
        #expect(answers == Set((0..<100).map { "n\($0)" }))
        #expect(tokens.requests.count == 2)
        #expect(
            server.requests.allSatisfy {
                $0["authorization"] == "Bearer tok-1" || $0["authorization"] == "Bearer tok-2"
            })
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func tokensAreRenewedAsTheyEndAndNoCallFails() async throws {
        let tokens = try TokenServer(.grant(expiresIn: 1))
        let server = try RecordingMCP(refuse: tokens.guardian)
        let gateway = try await GatewayProcess.start(backend("api", server.url, tokens.url), directory: directory())
        try await gateway.running(["api"])
        var calls = 0
        while tokens.requests.count < 4 {
            let call = try await gateway.call("api", "echo", ["text": "on"])
            #expect(call.text == "on", "\(call.json)")
            calls += 1
        }
        #expect(calls > 4, "a token is used for more than one call")
        #expect(try await gateway.stop() == .code(0))
    }

    /// Without a token nothing is sent, and it is said so; when the token server is back, so are the calls.
    @Test func aTokenServerThatIsDownIsTold() async throws {
        let tokens = try TokenServer(.answer(.reply(503, "secret-canary echoed")))
        let server = try RecordingMCP(refuse: tokens.guardian)
        let gateway = try await GatewayProcess.start(backend("api", server.url, tokens.url), directory: directory())
        let call = try await gateway.call("api", "echo", ["text": "x"])
        #expect(call.status == 503 && call.json["code"] == "CREDENTIALS_UNAVAILABLE", "\(call.json)")
        #expect(call.json["sent"] == false && call.json["retryable"] == true)
        let words = call.json["error"]?.stringValue ?? ""
        #expect(words.contains("\(tokens.url): it answered HTTP 503") && words.contains("was not sent"), "\(words)")
        #expect(!words.contains("canary"))
        #expect(server.requests.isEmpty)
        tokens.set(.grant(expiresIn: 3_600))
        #expect(try await gateway.admin("POST", "/server/restart", json: #"{"name":"api"}"#).status == 200)
        #expect(try await answer(gateway, "api", "back"))

        // It goes away while the server is up: the call that needs a new token says so, and the server is not taken for broken.
        tokens.set(.answer(.hangUp))
        tokens.revoke()
        #expect(try await gateway.call("api", "echo", ["text": "y"]).json["code"] == "BACKEND_ERROR")
        var without = try await gateway.call("api", "echo", ["text": "z"])
        for _ in 0..<10 { without = try await gateway.call("api", "echo", ["text": "z"]) }
        #expect(without.json["code"] == "CREDENTIALS_UNAVAILABLE" && without.json["sent"] == false, "\(without.json)")
        #expect(server.requests.allSatisfy { !$0.body.contains("\"z\"") })
        let state = try await gateway.server("api")
        #expect(state["status"] == "running" && state["circuit"] == "closed", "\(state)")
        tokens.set(.grant(expiresIn: 3_600))
        #expect(try await answer(gateway, "api", "again"))
        #expect(try await gateway.stop() == .code(0))
        #expect(!gateway.program.errors.all.joined().contains("canary"))
    }

    @Test func aTokenServerThatIsSlowCostsNobodyMoreThanTheCallsTime() async throws {
        let tokens = try TokenServer()
        let server = try RecordingMCP(refuse: tokens.guardian)
        let gateway = try await GatewayProcess.start(backend("api", server.url, tokens.url), directory: directory())
        try await gateway.running(["api"])
        tokens.revoke()
        tokens.hold()
        #expect(try await gateway.call("api", "echo", ["text": "first"]).json["sent"] == false)
        let late = try JSONReply(
            await gateway.post(
                "/call", headers: ["X-Stonegate-Timeout": "300"],
                json: #"{"server":"api","tool":"echo","arguments":{"text":"late"}}"#))
        #expect(
            late.json["code"] == "TIMEOUT" && late.json["sent"] == false && late.json["retryable"] == true,
            "\(late.json)")
        tokens.release()
        #expect(try await answer(gateway, "api", "next"))
        #expect(server.requests.allSatisfy { !$0.body.contains("late") }, "what was given up is not sent afterwards")
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func hostileTokenServersGetNothingAndGiveNothing() async throws {
        let sink = try ScriptedServer { _ in .ok(#"{"access_token":"stolen"}"#) }
        let server = try RecordingMCP()
        let huge = String(repeating: "x", count: 70_000)
        let cases: [(String, ScriptedServer.Answer, String)] = [
            ("redirect", .reply(307, "", headers: ["Location": sink.url + "/token"]), "redirects are not followed"),
            ("huge", .ok(#"{"access_token":"\#(huge)"}"#), "larger than the allowed 65536 bytes"),
            ("lines", .ok(#"{"access_token":"a\r\nX-Evil: 1"}"#), "cannot stand in a header"),
            ("html", .ok("<html>", headers: ["Content-Type": "text/html"]), "no JSON object"),
            ("mac", .ok(#"{"access_token":"a","token_type":"mac"}"#), "another type than Bearer"),
            ("echo", .reply(400, #"{"error":"secret-canary"}"#), "it answered HTTP 400."),
            ("closes", .hangUp, "no access token could be had"),
        ]
        let servers = try cases.map { ($0.0, try TokenServer(.answer($0.1))) }
        let gateway = try await GatewayProcess.start(
            servers.map { backend($0.0, server.url, $0.1.url) }.joined()
                + backend("meta", server.url, "https://169.254.169.254/token"), directory: directory())
        for (name, _, reason) in cases + [("meta", .hangUp, "169.254.169.254:443 is not allowed")] {
            let call = try await gateway.call(name, "echo", ["text": "x"])
            #expect(
                call.json["code"] == "CREDENTIALS_UNAVAILABLE" && call.json["sent"] == false, "\(name): \(call.json)")
            #expect(call.json["error"]?.stringValue?.contains(reason) == true, "\(name): \(call.json)")
        }
        #expect(sink.requests.all.isEmpty && server.requests.isEmpty)
        #expect(try await gateway.stop() == .code(0))
        let log = gateway.program.errors.all.joined(separator: "\n")
        #expect(!log.contains("canary") && !log.contains("X-Evil"))
    }

    /// Each request of each transport shows the token: streams, notices and the end of sessions too.
    @Test(arguments: [["--era", "modern"], ["--era", "legacy"], ["--era", "legacy", "--http-sse"]])
    func everyRequestOfATransportShowsIt(flags: [String]) async throws {
        let tokens = try TokenServer()
        let server = try await FakeMCP.http(flags)
        let proxy = try ToxicProxy(to: server.httpPort)
        let path = flags.contains("--http-sse") ? "sse" : "mcp"
        let gateway = try await GatewayProcess.start(
            backend("api", "http://127.0.0.1:\(proxy.port)/\(path)", tokens.url), directory: directory())
        try await gateway.running(["api"])
        #expect(try await gateway.call("api", "echo", ["text": "hello"]).text == "hello")
        #expect(try await gateway.stop() == .code(0))
        let all = proxy.requests(containing: "HTTP/1.1\r\n")
        #expect(all >= 3 && proxy.requests(containing: "Authorization: Bearer tok-1\r\n") == all, "\(all)")
        #expect(tokens.requests.count == 1)
    }
}
