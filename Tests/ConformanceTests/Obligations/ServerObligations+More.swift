import GateProtocol
import GateTestKit

/// G-14 to G-24.
extension Obligation {
    static let moreServerObligations: [Obligation] = [
        Obligation("G-14", "Unique names of at most 64 letters, digits, `_` and `-`") { it in
            let names = try await it.list("tools/list", "tools").compactMap { $0["name"]?.stringValue }
            it.equal(Set(names).count, names.count, "unique names")
            for name in names {
                let isPlain = name.utf8.allSatisfy {
                    (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                        || [0x5F, 0x2D].contains($0)
                }
                it.expect((1...64).contains(name.utf8.count) && isPlain, name)
            }
        },
        Obligation("G-15", "`Mcp-Name` and `Mcp-Param-*` are checked against the body", Lanes.modernHTTP, headersAgree),
        Obligation("G-16", "Schemas, metadata, unknown members and numbers pass byte for byte", Lanes.all, passesBytes),
        Obligation(
            "G-17", "Ids come back with value and type; none is used twice towards a backend", Lanes.all, echoesIDs),
        Obligation(
            "G-18", "Legacy HTTP: sessions, their end, and batches of 2025-03-26", Lanes.legacyHTTP, legacySessions),
        Obligation(
            "G-20", "stdio: only messages on stdout, the end of stdin ends it, one era",
            Lanes.when { $0.front == .stdio }
        ) { it in
            let agent = try await it.another("G-20")
            let pipe = try it.require(agent as? PipeAgent, "stdio")
            it.equal(try await pipe.call(it.name("echo"), ["text": "x"]).text, "x", "echo")
            pipe.program.closeInput()
            it.equal(try await pipe.program.exit(), .code(0), "exit")
            for line in pipe.program.output.all { it.expect((try? Message(line)) != nil, "on stdout: \(line)") }
        },
        Obligation("G-21", "Servers are added at run time only with the admin token", Lanes.http) { it in
            let body = #"{"name":"intruder","command":"/bin/true"}"#
            let reply = try await it.gateway.post("/server/add", json: body)
            it.expect([401, 403].contains(reply.status), "\(reply.status)")
            let wrong = try await it.gateway.post(
                "/server/add", headers: ["Authorization": "Bearer wrong"], json: body)
            it.expect([401, 403].contains(wrong.status), "a wrong token: \(wrong.status)")
        },
        Obligation("G-22", "Plain JSON when nothing came before the result", Lanes.http) { it in
            let reply = try await it.call("long", ["bytes": 1_500_000])
            it.expect(!reply.isStream, "1.5 MB as an event")
            it.equal(reply.text?.utf8.count, 1_500_000, "length")
        },
        Obligation("G-23", "Failures that a model can act on are results, protocol faults are errors", Lanes.all) {
            it in
            let unknown = try await it.agent.call("no_such_tool_at_all")
            it.equal(unknown.code, -32602, "an unknown tool")
            let dropped = try await it.call("drop", ["key": "G-23"])
            it.equal(dropped.result["isError"], true, "a lost answer: \(dropped.response.raw.prefix(300))")
            it.expect(
                dropped.structured?["code"]?.stringValue != nil || dropped.structured?.at("error", "code") != nil,
                "no code: \(dropped.response.raw.prefix(400))")
            it.equal(try await it.call("echo", ["text": "again"]).text, "again", "afterwards")
        },
        Obligation("G-24", "`gate_call` passes questions, progress, structure and failures", Lanes.all) { it in
            func through(_ tool: String, _ arguments: JSONValue, _ options: AgentOptions = .init()) async throws
                -> Reply
            {
                try await it.agent.call(
                    "gate_call",
                    ["server": .string(it.lane.server), "tool": .string(it.name(tool)), "arguments": arguments], options
                )
            }
            let told = try await through("progress", ["n": 2], AgentOptions(meta: [("progressToken", "t")]))
            it.equal(told.notices("notifications/progress").count, 2, "progress")
            it.equal(try await through("fail", [:]).result["isError"], true, "isError")
            it.equal(try await through("shape", ["shape": "object"]).structured, ["a": 1], "structured")
            let asked = try await through("ask", ["message": "by gate_call"])
            it.equal(
                asked.structured?.at("answer", "content", "name"), .string("\(it.agent.name): by gate_call"),
                "the answer: \(asked.response.raw.prefix(300))")
        },
    ]

    @Sendable private static func headersAgree(_ it: Case) async throws {
        let tool = it.name("echo")
        func named(_ value: String) async throws -> Reply {
            try await it.agent.call(tool, ["text": "x"], AgentOptions(headers: ["Mcp-Name": value]))
        }
        it.equal(try await named(tool).text, "x", "equal")
        it.equal(try await named(HeaderValue.wrapped(tool)).text, "x", "in base64")
        for wrong in ["other", tool.uppercased(), "=?base64?!!!?=", "=?base64?\(tool)?=", ""] {
            let reply = try await named(wrong)
            it.expect(
                reply.code == -32020 && reply.status == 400, "Mcp-Name \(wrong): \(reply.response.raw.prefix(200))")
        }
        let headered = it.name("headered")
        func mirrored(_ headers: [String: String], _ arguments: JSONValue) async throws -> Reply {
            try await it.agent.call(headered, arguments, AgentOptions(headers: headers))
        }
        let right = try await mirrored(["Mcp-Param-Region": "eu"], ["region": "eu"])
        it.equal(right.structured?.at("args", "region"), "eu", "a mirrored argument: \(right.response.raw.prefix(300))")
        let number = try await mirrored(["Mcp-Param-Count": "42"], ["count": 42])
        it.equal(number.structured?.at("args", "count"), 42, "a mirrored number")
        for (headers, arguments): ([String: String], JSONValue) in [
            (["Mcp-Param-Region": "us"], ["region": "eu"]), ([:], ["region": "eu"]),
            (["Mcp-Param-Region": "eu"], [:]), (["Mcp-Param-Count": "41"], ["count": 42]),
        ] {
            let reply = try await mirrored(headers, arguments)
            it.expect(
                reply.code == -32020 && reply.status == 400,
                "\(headers) \(arguments): \(reply.response.raw.prefix(200))")
        }
    }

    @Sendable private static func passesBytes(_ it: Case) async throws {
        let tools = try await it.list("tools/list", "tools")
        let rich = try it.require(tools.first { $0["name"] == .string(it.name("rich")) }, "no rich tool")
        let schema = rich["inputSchema"]
        it.equal(schema?.at("properties", "n", "maximum")?.text, "12345678901234567890", "a big number in a schema")
        it.equal(schema?.at("properties", "n", "multipleOf")?.text, "1.0", "1.0 in a schema")
        it.equal(schema?.at("$defs", "s", "pattern"), "^é\\d+$", "a pattern")
        it.equal(schema?["if"], ["required": ["n"]], "if")
        it.equal(rich.at("_meta", "com.example/kept", "n")?.text, "1.0", "a number in _meta")
        it.equal(rich.at("annotations", "com.example/more")?.text, "[1]", "an unknown annotation")
        it.expect(rich["icons"] != nil, "icons")
        let mark = it.mark
        let odd = #"{"big":12345678901234567890,"one":1.0,"e":1e-7,"z":-0,"n":null,"u":"é\u0000\"","a":[[],{}]}"#
        let arguments = try JSONValue(parsing: odd)
        let raw = try await it.call("raw", arguments)
        it.equal(raw.text == nil, false, "a result")
        let line = try await it.line(from: mark) {
            $0.method == "tools/call" && $0.message.at("params", "arguments", "big") != nil
        }
        it.expect(line.raw.contains("\"arguments\":" + arguments.text), "arguments: \(line.raw.prefix(400))")
        let text = #"{"z": 1.0, "big": [12345678901234567890, 1e2 ], "é": "\u00e9\/", "n": null}"#
        let verbatim = try await it.call("verbatim", ["json": .string(text)])
        it.expect(verbatim.response.raw.contains(text), "structuredContent: \(verbatim.response.raw.prefix(300))")
        let kinds = try await it.call("kinds")
        let blocks = kinds.result["content"]?.arrayValue ?? []
        it.equal(
            blocks.compactMap { $0["type"]?.stringValue },
            ["text", "image", "resource", "resource", "audio", "resource_link"], "kinds of content")
        it.equal(
            kinds.result.at("_meta", "com.example/kept")?.text, "[1,1.0,12345678901234567890]", "_meta of a result")
    }

    @Sendable private static func echoesIDs(_ it: Case) async throws {
        let mark = it.mark
        let ids: [JSONValue] = ["7", 7, "é \u{1F600}", .number("9007199254740993"), "", -1]
        for id in ids {
            let reply = try await it.call("echo", ["text": "x"], AgentOptions(id: id))
            it.equal(reply.response.id?.text, id.text, "the id")
        }
        let other = try await it.another("G-17")
        async let slow = it.call("slow", ["ms": 150, "key": "mine"], AgentOptions(id: 900))
        async let quick = other.call(it.name("slow"), ["ms": 50, "key": "theirs"], AgentOptions(id: 900))
        let (mine, theirs) = try await (slow, quick)
        it.equal(mine.text, "slept mine", "one of two with the same id")
        it.equal(theirs.text, "slept theirs", "the other")
        await other.close()
        let used = try await it.received(since: mark).filter { $0.method == "tools/call" }.map {
            $0.message["id"]?.text ?? ""
        }
        it.equal(Set(used).count, used.count, "ids towards the backend")
    }

    @Sendable private static func legacySessions(_ it: Case) async throws {
        let http = try it.require(it.http, "HTTP")
        let one = try await HTTPAgent.open("\(it.lane.server)-a", .legacy, port: http.port, tap: it.stage.tap)
        let two = try await HTTPAgent.open("\(it.lane.server)-b", .legacy, port: http.port, tap: it.stage.tap)
        let id = one.session["Mcp-Session-Id"] ?? ""
        it.expect(id != two.session["Mcp-Session-Id"], "equal session ids")
        it.expect(id.utf8.count >= 32 && id.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "session id \(id)")
        let echo: JSONValue = ["name": .string(it.name("echo")), "arguments": ["text": "x"]]
        func status(_ headers: [String: String]) async throws -> Int? {
            try await one.request("tools/call", echo, AgentOptions(headers: headers)).status
        }
        it.equal(try await status(["Mcp-Session-Id": ""]), 400, "without a session")
        it.equal(try await status(["Mcp-Session-Id": "x" + id.dropFirst()]), 404, "a forged session")
        it.equal(try await status(["MCP-Protocol-Version": ""]), 200, "without a version")
        it.equal(try await status(["MCP-Protocol-Version": "1999-01-01"]), 400, "an unknown version")
        let bare = try await HTTP.get(port: http.port, "/mcp", headers: ["Accept": "text/event-stream"])
        it.expect([400, 405].contains(bare.status), "GET without a session: \(bare.status)")
        let end = try await HTTP.send("DELETE", port: http.port, "/mcp", headers: one.session)
        it.expect([200, 202, 204].contains(end.status), "DELETE: \(end.status)")
        it.equal(try await status([:]), 404, "after DELETE")
        it.equal(try await two.request("tools/call", echo).text, "x", "another session")
        try await batches(it, http.port, echo)
    }

    @Sendable private static func batches(_ it: Case, _ port: UInt16, _ echo: JSONValue) async throws {
        func batch(_ agent: HTTPAgent) async throws -> HTTPReply {
            let ping: JSONValue = ["jsonrpc": "2.0", "id": "p", "method": "ping"]
            let call: JSONValue = ["jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": echo]
            let body: JSONValue = [ping, call, ["jsonrpc": "2.0", "method": "notifications/roots/list_changed"]]
            return try await HTTP.send(
                "POST", port: port, "/mcp", headers: agent.headers("", [:], [:]), body: body.bytes)
        }
        let old = try await HTTPAgent.open("\(it.lane.server)-c", .legacy, port: port, revision: "2025-03-26")
        let reply = try await batch(old)
        it.equal(reply.status, 200, "a batch of 2025-03-26: \(reply.text.prefix(200))")
        it.expect(
            reply.text.contains("\"id\":\"p\"") && reply.text.contains("\"id\":5"), "answers: \(reply.text.prefix(300))"
        )
        let new = try await HTTPAgent.open("\(it.lane.server)-d", .legacy, port: port)
        it.equal(try await batch(new).status, 400, "a batch of 2025-11-25")
    }
}
