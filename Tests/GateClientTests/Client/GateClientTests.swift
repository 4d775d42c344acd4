import GateClient
import GateProtocol
import GateTestKit
import Testing

/// The SDK against a server that answers with given bytes.
@Suite struct GateClientTests {
    private static let echoAnswer =
        #"{"result":{"content":[{"type":"text","text":"hi"}]},"server":"demo","tool":"echo","duration_ms":1.5}"#

    private func client(_ server: ScriptedServer, token: GateToken? = nil) throws -> GateClient {
        var options = GateClientOptions()
        options.agentName = "tests"
        return try GateClient(url: server.url, token: token, options: options)
    }

    @Test func readsWhatTheGatewayTells() async throws {
        let server = try ScriptedServer { request in
            switch request.path {
            case "/health":
                .ok(
                    #"{"status":"ok","version":"1","tier":"free","uptime_seconds":3,"backends_total":1,"backends_healthy":1}"#
                )
            case "/tools/a%2Fb":
                .ok(#"{"tools":[{"name":"t","server":"a/b","parameters":{"type":"object"}}],"total":1}"#)
            case "/discover?query=read%20%C3%A9&limit=3":
                .ok(#"{"tools":[{"name":"r","server":"s","description":"d","score":2}]}"#)
            case "/server/list": .ok(#"{"servers":[{"name":"s","status":"running","pid":7}]}"#)
            case "/stats": .ok(#"{"total_calls":2,"total_errors":1,"error_rate":0.5,"backends":[]}"#)
            case "/schema/s/t": .ok(#"{"inputSchema":{"type":"object"}}"#)
            default: .reply(404, #"{"error":"no","code":"NOT_FOUND"}"#)
            }
        }
        let client = try client(server)
        #expect(try await client.health().uptimeSeconds == 3)
        #expect(try await client.tools(server: "a/b").tools.first?.name == "t")
        #expect(try await client.discover("read é", limit: 3).first?.score == 2)
        #expect(try await client.servers().first?.details["pid"] == 7)
        #expect(try await client.stats().errorRate == 0.5)
        #expect(try await client.schema(server: "s", tool: "t")["inputSchema"] == ["type": "object"])
        #expect(server.requests.all.allSatisfy { $0["X-Stonegate-Agent"] == "tests" && $0["Authorization"] == nil })
    }

    @Test func callsCarryTheArgumentsByteForByte() async throws {
        let server = try ScriptedServer { _ in .ok(Self.echoAnswer) }
        let client = try client(server)
        let answer = try await client.call("demo/echo", json: Array(#"{"a": 1.10, "b":"\u00e9"}"#.utf8))
        #expect(answer.text == "hi")
        #expect(answer.durationMilliseconds == 1.5)
        _ = try await client.call("echo", arguments: ["text": "x", "list": [1, nil]])
        let bodies = server.requests.all.map(\.body)
        #expect(
            bodies == [
                #"{"server":"demo","tool":"echo","arguments":{"a": 1.10, "b":"\u00e9"}}"#,
                #"{"tool":"echo","arguments":{"text":"x","list":[1,null]}}"#,
            ])
        await #expect(throws: GateError.self) { try await client.call("echo", json: Array(#"{"a":1}}"#.utf8)) }
        #expect(server.requests.all.count == 2)
    }

    struct Numbers: Encodable { var numbers: [Int] }
    struct Statistics: Decodable, Equatable { var mean: Double }

    private func decode<Output: Decodable>(_ result: String, as type: Output.Type) async throws -> Output {
        let server = try ScriptedServer { _ in .ok(#"{"result":\#(result),"server":"s","tool":"t","duration_ms":1}"#) }
        return try await client(server).call("s/t", arguments: Numbers(numbers: [1]), as: type)
    }

    @Test func typedResults() async throws {
        let structured = #"{"content":[{"type":"text","text":"no JSON"}],"structuredContent":{"mean":1.5}}"#
        #expect(try await decode(structured, as: Statistics.self) == Statistics(mean: 1.5))
        let text = #"{"content":[{"type":"text","text":"{\"mean\":2}"}]}"#
        #expect(try await decode(text, as: Statistics.self) == Statistics(mean: 2))
        #expect(try await decode(text, as: String.self) == #"{"mean":2}"#)
    }

    @Test(arguments: [
        (#"{"content":[{"type":"text","text":"broken"}],"isError":true}"#, "TOOL_ERROR", "broken"),
        (#"{"content":[{"type":"text","text":"plain"}]}"#, "UNEXPECTED_RESULT", "is no Statistics"),
        (#"{"content":[]}"#, "UNEXPECTED_RESULT", "0 content blocks"),
        (#"{"structuredContent":{"mean":"x"},"content":[]}"#, "UNEXPECTED_RESULT", "is no Statistics"),
    ])
    func typedResultsThatDoNotFit(result: String, code: String, words: String) async throws {
        let error = await #expect(throws: GateError.self) { try await decode(result, as: Statistics.self) }
        #expect(error?.code.rawValue == code)
        #expect(error?.message.contains(words) == true)
        #expect(error?.sent == true)
        #expect(error?.retryable == false)
    }

    @Test func errorsAreTheGatewaysOwn() async throws {
        let server = try ScriptedServer { _ in
            .reply(
                502,
                #"{"error":"It died.","code":"BACKEND_DIED","source":"backend","server":"s","sent":true,"#
                    + #""retryable":false,"correlation_id":"c1","detail":{"code":-1,"message":"m"}}"#)
        }
        let client = try client(server)
        let error = await #expect(throws: GateError.self) { try await client.call("s/t") }
        #expect(error?.code == .backendDied)
        #expect(error?.sent == true)
        #expect(error?.correlationID == "c1")
        #expect(error?.detail == Array(#"{"code":-1,"message":"m"}"#.utf8))
    }

    @Test(arguments: [ScriptedServer.Answer.ok("<html>"), .reply(500, "oops"), .ok("{}"), .reply(302, "")])
    func otherServersAreRecognised(answer: ScriptedServer.Answer) async throws {
        let server = try ScriptedServer { _ in answer }
        let client = try client(server)
        let error = await #expect(throws: GateError.self) { try await client.health() }
        #expect(error?.code == .gatewayUnreachable)
        #expect(error?.message.contains("does not answer like stonegate") == true)
    }

    @Test func nobodyThere() async throws {
        let client = try GateClient(url: "127.0.0.1:\(try Sockets.freePort())")
        let error = await #expect(throws: GateError.self) { try await client.call("a/b") }
        #expect(error?.code == .gatewayUnreachable)
        #expect(error?.message.contains("stonegate serve") == true)
        #expect(error?.sent == false)
        #expect(error?.retryable == true)
    }

    @Test func brokenConnections() async throws {
        let server = try ScriptedServer { _ in .hangUp }
        let client = try client(server)
        let call = await #expect(throws: GateError.self) { try await client.call("a/b") }
        #expect(call?.code == .outcomeUnknown)
        #expect(call?.sent == true)
        #expect(call?.retryable == false)
        let health = await #expect(throws: GateError.self) { try await client.health() }
        #expect(health?.code == .gatewayUnreachable)
        #expect(health?.retryable == true)
    }

    @Test func cancellingTheTaskClosesTheExchange() async throws {
        let server = try ScriptedServer { _ in .hold }
        let client = try client(server)
        let task = Task { try await client.call("a/b", arguments: ["n": 1]) }
        _ = try await server.requests.first { _ in true }
        task.cancel()
        let error = await #expect(throws: GateError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        #expect(try await server.abandoned.first { _ in true }.element.contains(#""n":1"#))
    }

    @Test func timesOut() async throws {
        let server = try ScriptedServer { _ in .hold }
        let client = try client(server)
        let error = await #expect(throws: GateError.self) { try await client.call("a/b", timeout: .milliseconds(50)) }
        #expect(error?.code == .timeout)
        #expect(error?.sent == true)
    }

    @Test func changesCarryTheToken() async throws {
        let server = try ScriptedServer { _ in .ok(#"{"ok":true}"#) }
        let client = try client(server, token: GateToken(" secret\n"))
        try await client.addServer(
            ServerDefinition("x", .stdio(command: "ls", arguments: ["-l"], environment: ["B": "2", "A": "1"])))
        try await client.addServer(
            ServerDefinition("y", .http(url: "http://h/"), settings: JSONObject([("enabled", false)])))
        for change in [client.startServer, client.stopServer, client.restartServer, client.removeServer] {
            _ = try await change("x")
        }
        let requests = server.requests.all
        #expect(requests.allSatisfy { $0["Authorization"] == "Bearer secret" })
        #expect(
            requests.map { "\($0.path) \($0.body)" } == [
                #"/server/add {"name":"x","transport":"stdio","command":"ls","args":["-l"],"env":{"A":"1","B":"2"}}"#,
                #"/server/add {"name":"y","transport":"http","url":"http://h/","enabled":false}"#,
                #"/server/start {"name":"x"}"#, #"/server/stop {"name":"x"}"#, #"/server/restart {"name":"x"}"#,
                #"/server/remove {"name":"x"}"#,
            ])
    }

    @Test func theLocalTokenIsFoundAndStaysLocal() async throws {
        let directory = try TemporaryDirectory()
        try directory.write("local-secret\n", to: "admin.token")
        let token = try #require(
            GateToken.admin(environment: ["STONEGATE_SERVER_DATA_DIR": directory.path, "HOME": "/nowhere"]))
        #expect(GateToken.admin(dataDirectory: directory.file("none"), environment: [:]) == nil)
        #expect(GateToken.adminTokenPath(environment: ["HOME": "/h"]) == "/h/.stonegate/admin.token")
        #expect(GateToken.adminTokenPath(environment: [:]) == nil)
        let server = try ScriptedServer { _ in .ok("{}") }
        _ = try await client(server, token: token).config()
        // A name that is not a loopback name gets none, wherever it leads.
        let other = try GateClient(url: "http://0.0.0.0:\(server.port)", token: token)
        _ = try await other.config()
        #expect(server.requests.all.map { $0["Authorization"] } == ["Bearer local-secret", nil])
    }

    @Test(arguments: ["", "ftp://x", "http://", "http://u:p@h/", "http://h/?a=b", "http://h/#f", "http://h h"])
    func unusableAddresses(url: String) {
        #expect(throws: GateError.self) { try GateClient(url: url) }
    }
}
