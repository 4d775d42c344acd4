import GateTestKit
import Testing

/// The real `gatecall` against a server that answers with given bytes.
@Suite struct GatecallTests {
    private static let schema =
        #"{"server":"demo","tool":"stats","description":"Computes.","parameters":{"type":"object","properties":"#
        + #"{"numbers":{"type":"array","items":{"type":"number"},"description":"The \u001b[31mnumbers."}},"#
        + #""required":["numbers"]}}"#
    private static let evil = #"\u001b[2J\u001b]52;c;aGk=\u0007 \u202e \udb40\udc41"#
    private static let discovered =
        #"{"tools":[{"name":"e","server":"demo","tool":"e","description":"x"# + evil
        + #"\nmore","score":1,"why":"name"}]}"#

    private func gateway() throws -> ScriptedServer {
        try ScriptedServer { request in
            switch (request.method, request.path) {
            case ("GET", "/schema/demo/stats"): .ok(Self.schema)
            case ("GET", let path) where path.hasPrefix("/discover"): .ok(Self.discovered)
            case ("GET", "/tools"):
                .ok(
                    #"{"tools":[{"name":"stats","server":"demo","description":"d","parameters":{}},"#
                        + #"{"name":"twice","server":"a"},{"name":"b_twice","server":"b","tool":"twice"}],"total":3}"#)
            case ("GET", "/server/list"):
                .ok(
                    #"{"servers":[{"name":"demo","status":"running","transport":"stdio","tool_count":6,"uptime_seconds":70},"#
                        + #"{"name":"bad","status":"backing_off","transport":"stdio","circuit":"open","reason":"exit code 1","#
                        + #""advice":"Check the command.","next_retry_seconds":4}]}"#)
            case ("POST", "/call") where request.body.contains("fail"):
                .ok(
                    #"{"result":{"content":[{"type":"text","text":"no \u001b[1m"}],"isError":true},"server":"d","tool":"f"}"#
                )
            case ("POST", "/call") where request.body.contains("late"):
                .reply(504, #"{"error":"Too late.","code":"TIMEOUT","sent":true}"#)
            case ("POST", "/call") where request.body.contains("missing"):
                .reply(404, #"{"error":"There is no tool.","code":"TOOL_NOT_FOUND"}"#)
            case ("POST", "/call"):
                .ok(
                    #"{"result":{"content":[{"type":"text","text":"a\u001b[2J\nb"}]},"server":"d","tool":"e","duration_ms":1}"#
                )
            case ("POST", "/server/stop"): .reply(401, #"{"error":"Admin only.","code":"ADMIN_REQUIRED"}"#)
            default: .ok(#"{"ok":true}"#)
            }
        }
    }

    private func run(
        _ server: ScriptedServer, _ arguments: String..., input: String = ""
    ) async throws -> (exit: Program.Exit, output: String, errors: String) {
        try await Program.run(
            Products.path("gatecall"), arguments, input: input,
            environment: ["GATECALL_URL": server.url, "HOME": "/nowhere", "PATH": "/usr/bin:/bin"])
    }

    @Test func argumentsAreTypedBySchema() async throws {
        let server = try gateway()
        let result = try await run(server, "call", "demo/stats", "numbers=1", "numbers=2.50")
        #expect(result.exit == .code(0))
        #expect(result.output == #"a\u{1B}[2J"# + "\nb")
        #expect(server.requests.all.last?.body == #"{"server":"demo","tool":"stats","arguments":{"numbers":[1,2.50]}}"#)
        let bad = try await run(server, "call", "stats", "numbers=x")
        #expect(bad.exit == .code(64))
        #expect(bad.errors.contains(#"numbers must be a number; "x" is not."#))
    }

    @Test func argumentsAsJSONAndFromStdin() async throws {
        let server = try gateway()
        _ = try await run(server, "call", "demo/e", "--json", #"{ "n": 1.0 }"#)
        _ = try await run(server, "call", "demo/e", "-", input: #"{"n": 1e2}"#)
        #expect(
            server.requests.all.map(\.body) == [
                #"{"server":"demo","tool":"e","arguments":{ "n": 1.0 }}"#,
                #"{"server":"demo","tool":"e","arguments":{"n": 1e2}}"#,
            ])
        for wrong in [["call", "demo/e", "--json", "[]"], ["call", "demo/e", "--json", "{}", "a=b"], ["call"]] {
            let result = try await Program.run(
                Products.path("gatecall"), wrong, environment: ["GATECALL_URL": server.url])
            #expect(result.exit == .code(64))
            #expect(result.output.isEmpty)
        }
    }

    @Test func foreignTextIsHarmlessButJSONIsExact() async throws {
        let server = try gateway()
        let table = try await run(server, "discover", "some", "words")
        #expect(table.exit == .code(0))
        #expect(table.output.contains(#"demo/e"#))
        #expect(table.output.contains(#"x\u{1B}[2J\u{1B}]52;c;aGk=\u{7} \u{202E} \u{E0041}"#))
        #expect(table.output.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0A })
        #expect(server.requests.all.last?.path == "/discover?query=some%20words&limit=10")
        let json = try await run(server, "discover", "some", "words", "--json")
        #expect(json.output == Self.discovered)
        let raw = try await run(server, "call", "demo/e", "--output", "raw")
        #expect(raw.output == "a\u{1B}[2J\nb")
    }

    @Test func exitCodes() async throws {
        let server = try gateway()
        let failed = try await run(server, "call", "demo/fail")
        #expect(failed.exit == .code(1))
        #expect(failed.output.isEmpty)
        #expect(failed.errors == #"gatecall: the tool failed: no \u{1B}[1m"#)
        let missing = try await run(server, "call", "demo/missing")
        #expect(missing.exit == .code(2))
        #expect(missing.errors.contains("TOOL_NOT_FOUND: There is no tool."))
        #expect(missing.errors.contains("gatecall discover"))
        let refused = try await run(server, "server", "stop", "demo")
        #expect(refused.exit == .code(2))
        #expect(refused.errors.contains("stonegate token show"))
        let late = try await run(server, "call", "demo/late")
        #expect(late.exit == .code(4))
        #expect(late.errors.contains("may have been carried out"))
        let nowhere = try await run(server, "health", "--url", "127.0.0.1:\(try Sockets.freePort())")
        #expect(nowhere.exit == .code(3))
        #expect(nowhere.errors.contains("stonegate serve"))
        #expect(try await run(server, "nonsense").exit == .code(64))
    }

    @Test func namesWithoutServer() async throws {
        let server = try gateway()
        let unique = try await run(server, "schema", "stats")
        #expect(
            unique.output == #"""
                Computes.

                ARGUMENT  TYPE             NEEDED  DESCRIPTION
                numbers   array of number  yes     The \u{1B}[31mnumbers.
                """#)
        #expect(try await run(server, "schema", "absent").exit == .code(2))
        // The exposed name is one tool's own.
        #expect(try await run(server, "schema", "twice").exit == .code(0))
    }

    @Test func serversWithAdvice() async throws {
        let result = try await run(try gateway(), "servers")
        #expect(
            result.output == """
                SERVER  STATUS       TRANSPORT  TOOLS  UPTIME  CIRCUIT  CALLS  ERRORS  MEMORY  CPU
                demo    running      stdio          6  1m 10s  closed       0     0 %       -    -
                bad     backing_off  stdio          0      0s  open         0     0 %       -    -
                bad: exit code 1. Check the command. Next start in 4s.
                """)
    }

    @Test func addingServers() async throws {
        let server = try gateway()
        let added = try await run(server, "server", "add", "x", "--env", "A=b=c", "--", "ls", "-l", "--json")
        #expect(added.exit == .code(0))
        #expect(
            server.requests.all.last?.body
                == #"{"name":"x","transport":"stdio","command":"ls","args":["-l","--json"],"env":{"A":"b=c"}}"#)
        _ = try await run(server, "server", "add", "y", "--http", "https://h/mcp", "--header", "A=b")
        #expect(
            server.requests.all.last?.body
                == #"{"name":"y","transport":"http","url":"https://h/mcp","headers":{"A":"b"}}"#)
        #expect(try await run(server, "server", "add", "z").exit == .code(64))
    }

    @Test func localTokenIsUsed() async throws {
        let directory = try TemporaryDirectory()
        try directory.write("abc", to: "admin.token")
        let server = try gateway()
        _ = try await run(server, "server", "start", "demo", "--data-dir", directory.path)
        #expect(server.requests.all.last?["Authorization"] == "Bearer abc")
    }
}
