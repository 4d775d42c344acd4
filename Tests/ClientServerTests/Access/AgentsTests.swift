import GateProtocol
import GateTestKit
import Testing

/// Agents with tokens, and what each sees, in the real gateway.
@Suite(.serialized) struct AgentsTests {
    private static let first = "acme-ci-0123456789abcdef0123456789abcdef"
    private static let second = "globex-ci-0123456789abcdef0123456789abcd"

    private func config(_ more: String = "") throws -> String {
        try """
        [[tenants]]
        name = "acme"
        allow = ["one/*", "two/echo"]
        deny = ["one/sleep"]

        [[tenants]]
        name = "globex"
        allow = ["two/*"]

        [[agents]]
        name = "ci"
        tenant = "acme"
        token = "\(Self.first)"

        [[agents]]
        name = "ci"
        tenant = "globex"
        token = "\(Self.second)"


        """ + Backends.fake("one") + Backends.fake("two") + more
    }

    private func bearer(_ token: String) -> [String: String] { ["Authorization": "Bearer \(token)"] }

    private func tools(_ gateway: GatewayProcess, _ token: String) async throws -> Set<String> {
        let reply = try JSONReply(await gateway.get("/tools", headers: bearer(token)))
        let tools = try #require(reply.json["tools"]?.arrayValue)
        return Set(tools.compactMap { "\($0["server"]?.stringValue ?? "")/\($0["tool"]?.stringValue ?? "")" })
    }

    @Test func tenantsSeeTheirOwnAndNothingElse() async throws {
        let gateway = try await GatewayProcess.start(config())
        try await gateway.running(["one", "two"])
        let all = try JSONReply(await gateway.admin("GET", "/tools")).json["tools"]?.arrayValue ?? []
        let names = all.compactMap { "\($0["server"]?.stringValue ?? "")/\($0["tool"]?.stringValue ?? "")" }
        let expected = names.filter { ($0.hasPrefix("one/") && $0 != "one/sleep") || $0 == "two/echo" }
        #expect(try await tools(gateway, Self.first) == Set(expected))
        #expect(try await tools(gateway, Self.second) == Set(names.filter { $0.hasPrefix("two/") }))
        #expect(try await gateway.get("/tools").status == 401)

        // What a call says of itself in its headers counts for nothing.
        var headers = bearer(Self.first)
        headers["X-Stonegate-Agent"] = "globex/ci"
        let call = try JSONReply(
            await gateway.post(
                "/call", headers: headers, json: #"{"server":"two","tool":"echo","arguments":{"text":"mine"}}"#))
        #expect(call.text == "mine")
        let log = try JSONReply(await gateway.admin("GET", "/log?limit=1")).json["calls"]?.arrayValue?.first
        #expect(log?["agent"] == "acme/ci")

        // Over MCP of both eras, and at a server's own address.
        for path in ["/mcp", "/mcp/two"] {
            let list = try await mcp(gateway, Self.first, path, #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
            let listed = (list["result"]?["tools"]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }
            #expect(listed.contains { $0.hasSuffix("echo") } && !listed.contains { $0.hasSuffix("sleep") }, "\(listed)")
        }
        let hidden = try await mcp(gateway, Self.first, "/mcp", MCPMessage.legacyCall("one/sleep"))
        let absent = try await mcp(gateway, Self.first, "/mcp", MCPMessage.legacyCall("one/sloop"))
        func plain(_ answer: JSONValue, _ name: String) -> String {
            answer.text.replacing(name, with: "NAME").replacing(/correlation_id[^,}]*/, with: "")
        }
        #expect(plain(hidden, "one/sleep") == plain(absent, "one/sloop"))
        #expect(hidden["error"] != nil || hidden["result"]?["isError"] == true)
        #expect(try await gateway.stop() == .code(0))
    }

    /// One request of a session of its own.
    private func mcp(
        _ gateway: GatewayProcess, _ token: String, _ path: String, _ message: String
    ) async throws -> JSONValue {
        var headers = bearer(token)
        let hello = try await gateway.post(path, headers: headers, json: FakeMCP.initialize)
        let session: String = try #require(hello["Mcp-Session-Id"], "\(hello.text)")
        headers["Mcp-Session-Id"] = session
        return try await gateway.post(path, headers: headers, json: message).answer().json
    }

    @Test func aSessionIsItsAgentsAlone() async throws {
        let gateway = try await GatewayProcess.start(config())
        try await gateway.running(["one", "two"])
        let hello = try await gateway.post("/mcp", headers: bearer(Self.first), json: FakeMCP.initialize)
        let session = try #require(hello["Mcp-Session-Id"])
        let ping = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#
        func status(_ token: String?) async throws -> Int {
            var headers = token.map(bearer) ?? [:]
            headers["Mcp-Session-Id"] = session
            return try await gateway.post("/mcp", headers: headers, json: ping).status
        }
        #expect(try await status(Self.first) == 200)
        #expect(try await status(Self.second) == 404)
        #expect(try await status(nil) == 401)
        var headers = bearer(Self.second)
        headers["Mcp-Session-Id"] = session
        #expect(try await HTTP.send("DELETE", port: gateway.port, "/mcp", headers: headers).status == 404)
        #expect(try await status(Self.first) == 200, "the other's attempt has not ended it")

        // Asynchronous calls, with the same key: each agent has its own, and sees its own.
        var ids: [String: String] = [:]
        for token in [Self.first, Self.second] {
            var headers = bearer(token)
            headers["Idempotency-Key"] = "the-same"
            let reply = try JSONReply(
                await gateway.post(
                    "/call/async", headers: headers,
                    json: #"{"server":"two","tool":"echo","arguments":{"text":"\#(token.prefix(4))"}}"#))
            #expect(reply.status == 202, "\(reply.json)")
            ids[token] = reply.json["call_id"]?.stringValue
        }
        #expect(ids[Self.first] != ids[Self.second])
        for token in [Self.first, Self.second] {
            let own = try #require(ids[token])
            let reply = try JSONReply(await gateway.get("/call/\(own)?wait_ms=5000", headers: bearer(token)))
            #expect(reply.text == String(token.prefix(4)))
            let other = token == Self.first ? Self.second : Self.first
            let foreign = try await gateway.get("/call/\(own)", headers: bearer(other))
            let unknown = try await gateway.get(
                "/call/\(String(repeating: "0", count: own.utf8.count))", headers: bearer(other))
            #expect(foreign.status == 404 && unknown.status == 404)
            let list = try JSONReply(await gateway.get("/calls", headers: bearer(token))).json["calls"]?.arrayValue
            #expect(list?.compactMap { $0["call_id"]?.stringValue } == [own])
        }
        #expect(try await gateway.stop() == .code(0))
    }

    /// `stonegate agent`: a token that works at once, over a restart, and ends with its streams within a second.
    @Test func agentsComeAndGoAtRunTime() async throws {
        let directory = try TemporaryDirectory()
        var gateway = try await GatewayProcess.start(Backends.fake("one"), directory: directory)
        try await gateway.running(["one"])
        #expect(try await gateway.get("/tools").status == 200)
        let add = try await gateway.command(["agent", "add", "ci", "--allow", "one/*", "--deny", "one/hang"])
        #expect(add.exit == .code(0), "\(add.errors)")
        let token = add.output
        #expect(token.hasPrefix("sg_agent_") && !token.contains("\n"))
        #expect(add.errors.contains("every request to this gateway needs a token"))
        #expect(try await gateway.get("/tools").status == 401)
        #expect(try await tools(gateway, token).contains("one/echo"))
        let list = try await gateway.command(["agent", "list"])
        #expect(list.output.contains("ci") && list.output.contains("one/* -one/hang") && !list.output.contains(token))
        let again = try await gateway.command(["agent", "add", "ci", "--allow", "*"])
        #expect(again.exit == .code(1) && again.errors.contains("AGENT_EXISTS"))
        for (item, code, words) in [
            ("one/echo", Int32(0), "allowed: agent 'ci' allows 'one/*'"),
            ("one/hang", 4, "not allowed: agent 'ci' denies 'one/hang'"),
            ("two/echo", 4, "not allowed: agent 'ci' has no pattern that allows it"),
        ] {
            let run = try await gateway.command(["explain-access", "ci", item])
            #expect(run.exit == .code(code) && run.output.hasPrefix(words), "\(run.output)")
        }

        #expect(try await gateway.stop() == .code(0))
        gateway = try await GatewayProcess.start(Backends.fake("one"), directory: directory)
        try await gateway.running(["one"])
        #expect(try await gateway.get("/tools").status == 401)
        #expect(try await tools(gateway, token).contains("one/echo"))

        // A stream and a call that are open when the token ends.
        let hello = try await gateway.post("/mcp", headers: bearer(token), json: FakeMCP.initialize)
        let session = try #require(hello["Mcp-Session-Id"])
        let stream = [
            "Authorization": "Bearer \(token)", "Mcp-Session-Id": session, "Accept": "text/event-stream",
        ]
        let (opened, open) = AsyncStream<Void>.makeStream()
        let port = gateway.port
        async let cut = OpenStream.cut(port, "/mcp", stream, open)
        for await _ in opened { break }
        async let call = HTTP.send(
            "POST", port: port, "/call",
            headers: ["Authorization": "Bearer \(token)", "Content-Type": "application/json"],
            body: Array(#"{"server":"one","tool":"sleep","arguments":{"ms":20000}}"#.utf8), within: .seconds(10))
        let renewed = try await gateway.command(["agent", "token", "ci"])
        #expect(renewed.exit == .code(0), "\(renewed.errors)")
        let answered = ContinuousClock.now
        #expect(try await answered.duration(to: cut) < .seconds(1))
        #expect((try? await call) == nil, "the call's connection is cut, too")
        #expect(try await gateway.get("/tools", headers: bearer(token)).status == 401)
        #expect(try await tools(gateway, renewed.output).contains("one/echo"))
        let removed = try await gateway.command(["agent", "remove", "ci"])
        #expect(removed.exit == .code(0) && removed.errors.contains("It was the last"))
        #expect(try await gateway.get("/tools").status == 200)
        #expect(try await gateway.stop() == .code(0))
    }

    /// A token that ends by itself takes with it what is open.
    @Test func anExpiredTokenCutsItsStreams() async throws {
        let gateway = try await GatewayProcess.start(Backends.fake("one"))
        try await gateway.running(["one"])
        let add = try await gateway.command(["agent", "add", "brief", "--allow", "*", "--expires", "3s"])
        let began = ContinuousClock.now
        let (opened, open) = AsyncStream<Void>.makeStream()
        let port = gateway.port
        async let cut = OpenStream.cut(port, "/events", bearer(add.output), open)
        for await _ in opened { break }
        let lasted = try await began.duration(to: cut)
        #expect(lasted > .seconds(1) && lasted < .seconds(5), "\(lasted)")
        #expect(try await gateway.get("/tools", headers: bearer(add.output)).status == 401)
        #expect(try await gateway.stop() == .code(0))
    }

    /// S-14: one agent's flood is refused, the others are not.
    @Test func eachAgentHasItsShare() async throws {
        let gateway = try await GatewayProcess.start(
            "[limits]\nin_flight_per_principal = 2\nrate_per_principal = 1\nburst_per_principal = 6\n\n" + config())
        try await gateway.running(["one", "two"])
        func call(_ token: String, _ tool: String, _ arguments: String = "{}") async throws -> JSONReply {
            try JSONReply(
                await gateway.post(
                    "/call", headers: bearer(token),
                    json: #"{"server":"two","tool":"\#(tool)","arguments":\#(arguments)}"#))
        }
        async let first = call(Self.second, "sleep", #"{"ms":3000}"#)
        async let second = call(Self.second, "sleep", #"{"ms":3000}"#)
        let waiting = { try JSONReply(await gateway.admin("GET", "/server/list")).json["servers"]?.arrayValue ?? [] }
        while try await !waiting().contains(where: { $0["in_flight"] == 2 }) {}
        let refused = try await call(Self.second, "echo")
        #expect(refused.json["code"] == "OVERLOADED" && refused.json["sent"] == false)
        #expect(refused.json["error"]?.stringValue?.contains("limits.in_flight_per_principal") == true)
        #expect(try await call(Self.first, "echo", #"{"text":"mine"}"#).text == "mine")
        #expect(try await [first, second].map(\.status) == [200, 200])
        var codes: [String?] = []
        for _ in 0..<20 { codes.append(try await call(Self.second, "echo").json["code"]?.stringValue) }
        #expect(codes.first == .some(nil) && codes.contains("OVERLOADED"))
        #expect(try await call(Self.first, "echo", #"{"text":"still"}"#).text == "still")
        #expect(try await gateway.stop() == .code(0))
    }

    /// A changed file counts at once: for lists, for calls, and for streams that were opened under other rules.
    @Test func changedRulesHoldForWhatIsOpen() async throws {
        let gateway = try await GatewayProcess.start(config())
        try await gateway.running(["one", "two"])
        #expect(try await tools(gateway, Self.first).contains("one/echo"))
        let (opened, open) = AsyncStream<Void>.makeStream()
        let port = gateway.port
        async let cut = OpenStream.cut(port, "/events", ["Authorization": "Bearer \(Self.first)"], open)
        for await _ in opened { break }
        let mark = gateway.logged
        try gateway.rewriteConfig(config().replacing("\"one/*\", \"two/echo\"", with: "\"two/echo\""))
        #expect(try await gateway.log("configuration reloaded", from: mark).contains("tenants"))
        let reloaded = ContinuousClock.now
        #expect(try await reloaded.duration(to: cut) < .seconds(1))
        #expect(try await tools(gateway, Self.first) == ["two/echo"])
        let call = try await gateway.post(
            "/call", headers: bearer(Self.first), json: #"{"server":"one","tool":"echo","arguments":{}}"#)
        #expect(try JSONReply(call).json["code"] == "SERVER_NOT_FOUND")

        // Another token in the file ends the one before, with what is open.
        let (again, reopen) = AsyncStream<Void>.makeStream()
        async let ended = OpenStream.cut(port, "/events", ["Authorization": "Bearer \(Self.first)"], reopen)
        for await _ in again { break }
        let second = gateway.logged
        try gateway.rewriteConfig(config().replacing(Self.first, with: Self.first + "-new"))
        try await gateway.log("configuration reloaded", from: second)
        let rotated = ContinuousClock.now
        #expect(try await rotated.duration(to: ended) < .seconds(1))
        #expect(try await gateway.get("/tools", headers: bearer(Self.first)).status == 401)
        #expect(try await tools(gateway, Self.first + "-new").contains("one/echo"))
        #expect(try await gateway.stop() == .code(0))
    }
}
