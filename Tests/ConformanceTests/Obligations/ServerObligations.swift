import GateProtocol
import GateTestKit

/// G-1 to G-13: the gateway as a server to agents.
extension Obligation {
    static let serverObligations: [Obligation] =
        [
            Obligation("G-1", "Both eras on the same endpoint") { it in
                it.equal(try await it.call("echo", ["text": "one"]).text, "one", "own era")
                guard let http = it.http else { return }
                let other: Era = it.isModern ? .legacy : .modern
                let agent = try await HTTPAgent.open(
                    "\(it.lane.server)-other", other, port: http.port, tap: it.stage.tap)
                it.equal(try await agent.call(it.name("echo"), ["text": "two"]).text, "two", "other era, same path")
            },
            Obligation(
                "G-2", "Order of checks of a modern POST: body first, header second", Lanes.modernHTTP, checksInOrder),
            Obligation(
                "G-3", "Discovery declares what is served, and all of it answers", Lanes.all, declaresWhatIsServed),
            Obligation(
                "G-4", "`resultType` on every modern result, `ttlMs` and `cacheScope` on the six", Lanes.modernAgent
            ) { it in
                let lists = [
                    "server/discover", "tools/list", "prompts/list", "resources/list", "resources/templates/list",
                ]
                var replies: [(String, Reply)] = []
                for method in lists { replies.append((method, try await it.agent.request(method))) }
                let uri = try await it.exposed("resources", "uri", "text")
                replies.append(("resources/read", try await it.agent.request("resources/read", ["uri": .string(uri)])))
                for (method, reply) in replies {
                    it.equal(reply.result["resultType"], "complete", "resultType of \(method)")
                    it.expect(
                        (reply.result["ttlMs"]?.intValue ?? -1) >= 0,
                        "ttlMs of \(method): \(reply.response.raw.prefix(300))")
                    let scope = reply.result["cacheScope"]
                    it.expect(scope == "private" || scope == "public", "cacheScope of \(method)")
                }
                let prompt = try await it.exposed("prompts", "name", "greet")
                let others = [
                    try await it.call("echo", ["text": "x"]), try await it.call("fail"),
                    try await it.agent.request("prompts/get", ["name": .string(prompt), "arguments": ["name": "A"]]),
                    try await it.agent.request(
                        "completion/complete",
                        [
                            "ref": ["type": "ref/prompt", "name": .string(prompt)],
                            "argument": ["name": "name", "value": "par"],
                        ]),
                    try await it.agent.call("gate_status"),
                ]
                for reply in others {
                    it.equal(reply.result["resultType"], "complete", "\(reply.response.raw.prefix(200))")
                }
            },
            Obligation("G-5", "No request, event id or session id to a modern agent", Lanes.modernAgent) { it in
                let asked = try await it.call("ask", ["message": "G-5"])
                let told = try await it.call("progress", ["n": 2], AgentOptions(meta: [("progressToken", "G-5")]))
                for message in asked.messages + told.messages {
                    it.expect(message.id == nil, "a request: \(message.raw)")
                }
                it.expect(asked["Mcp-Session-Id"] == nil && told["Mcp-Session-Id"] == nil, "a session id")
                guard let http = it.http else { return }
                let params = http.complete(
                    ["name": .string(it.name("progress")), "arguments": [:]],
                    AgentOptions(meta: [("progressToken", 1)]), [:])
                let message: JSONValue = ["jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params]
                let stream = try await EventStream.open(
                    "POST", port: http.port, "/mcp", headers: http.headers("tools/call", params, [:]),
                    body: message.bytes)
                let last = try await stream.events.first { $0.data.contains("\"result\"") }
                for event in stream.events.all[...last.index] { it.expect(event.id == nil, "an event id: \(event)") }
            },
            Obligation("G-6", "No stream before the kind of outcome is known", Lanes.modernHTTP) { it in
                let token = AgentOptions(meta: [("progressToken", "G-6")])
                let unknown = try await it.agent.call("no_such_tool_at_all", [:], token)
                it.expect(
                    [200, 400].contains(unknown.status) && !unknown.isStream, "an unknown tool: \(unknown.status ?? 0)")
                it.equal(unknown.code, -32602, "an unknown tool")
                let method = try await it.agent.request("no/such/method", [:], token)
                it.equal(method.status, 404, "an unknown method")
                let plain = try await it.call("echo", ["text": "x"], token)
                it.expect(!plain.isStream, "a stream without a notice")
            },
            Obligation("G-7", "A closed stream cancels a modern call and not a legacy one", Lanes.http, closedStream),
            Obligation("G-8", "Retired methods: refused with an envelope, answered in a session", Lanes.all) { it in
                let uri = try await it.exposed("resources", "uri", "text")
                let calls: [(String, JSONValue)] = [
                    ("ping", [:]), ("logging/setLevel", ["level": "debug"]),
                    ("resources/subscribe", ["uri": .string(uri)]),
                    ("resources/unsubscribe", ["uri": .string(uri)]),
                ]
                for (method, params) in calls {
                    let reply = try await it.agent.request(method, params)
                    if it.isModern {
                        it.equal(reply.code, -32601, method)
                        if it.http != nil { it.equal(reply.status, 404, method) }
                    } else {
                        it.equal(reply.result, [:], method)
                    }
                }
                guard it.isModern, it.http != nil else { return }
                let hello: JSONValue = [
                    "protocolVersion": "2025-11-25", "capabilities": [:], "clientInfo": ["name": "a", "version": "1"],
                ]
                let reply = try await it.agent.request("initialize", hello)
                it.equal(reply.code, -32601, "initialize with an envelope")
            },
            Obligation(
                "G-9", "`subscriptions/listen`: acknowledged first, filtered, tagged with the agent's id",
                Lanes.modernAgent, listens),
            Obligation("G-10", "Log notices only to those who asked, by level", Lanes.all, logs),
            Obligation(
                "G-11", "Progress under the agent's own token, rising, none after the result", Lanes.all, progresses),
            Obligation("G-12", "Origin and Host are checked", Lanes.http) { it in
                let port = it.gateway.port
                let body: JSONValue = ["jsonrpc": "2.0", "id": 1, "method": "tools/list"]
                for (header, value) in [("Origin", "http://evil.example"), ("Host", "evil.example")] {
                    let reply = try await HTTP.post(port: port, "/mcp", headers: [header: value], json: body.text)
                    it.expect([403, 421].contains(reply.status), "\(header): \(reply.status)")
                }
                let own = try await HTTP.get(port: port, "/health", headers: ["Origin": "http://127.0.0.1:\(port)"])
                it.equal(own.status, 200, "its own origin")
            },
            Obligation("G-13", "The same list in the same order, whatever the connection", Lanes.all) { it in
                let first = try await it.list("tools/list", "tools")
                _ = try await it.call("echo", ["text": "x"])
                let other = try await it.another("G-13")
                let second = try await it.list("tools/list", "tools", agent: other)
                // Other lanes add tools of theirs meanwhile.
                let own: @Sendable (JSONValue) -> Bool = { $0["name"]?.stringValue?.hasSuffix(it.lane.tag) == true }
                it.equal(first.filter(own), second.filter(own), "lists")
                it.expect(first.contains(where: own), "nothing of the lane's backend")
                await other.close()
            },
        ] + moreServerObligations

    @Sendable private static func checksInOrder(_ it: Case) async throws {
        let http = try it.require(it.http, "HTTP")
        let base = http.headers("tools/list", [:], [:])
        func post(_ body: String, _ headers: [String: String] = [:]) async throws -> (Int?, Int?) {
            let all = base.merging(headers) { _, new in new }.filter { !$0.value.isEmpty }
            let reply = try await HTTP.send("POST", port: http.port, "/mcp", headers: all, body: Array(body.utf8))
            return (reply.status, (try? JSONValue(parsing: reply.body))?.at("error", "code")?.intValue)
        }
        func list(_ version: String = Wire.modern, method: String = "tools/list") -> String {
            """
            {"jsonrpc":"2.0","id":1,"method":"\(method)","params":{"_meta":{"\(Wire.prefix)protocolVersion":"\(version)",\
            "\(Wire.prefix)clientCapabilities":{}}}}
            """
        }
        let bare = #"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{}}}"#
        let wanted: [(String, String, [String: String], Int, Int)] = [
            ("not JSON", "{", [:], 400, -32700),
            ("an array", "[\(list())]", [:], 400, -32600),
            ("no envelope", bare, [:], 400, -32602),
            ("another method in the header", list(), ["Mcp-Method": "tools/call"], 400, -32020),
            ("no method header", list(), ["Mcp-Method": ""], 400, -32020),
            ("another version in the header", list(), ["MCP-Protocol-Version": "2025-11-25"], 400, -32020),
            ("no version header", list(), ["MCP-Protocol-Version": ""], 400, -32020),
            ("an unknown version", list("2030-01-01"), ["MCP-Protocol-Version": "2030-01-01"], 400, -32022),
            ("a mismatch before the version", list("2030-01-01"), ["Mcp-Method": "x"], 400, -32020),
            ("an unknown method", list(method: "x/y"), ["Mcp-Method": "x/y"], 404, -32601),
            ("a mismatch before the method", list(method: "x/y"), ["Mcp-Method": "x/z"], 400, -32020),
        ]
        for (what, body, headers, status, code) in wanted {
            let (gotStatus, gotCode) = try await post(body, headers)
            it.expect(gotStatus == status && gotCode == code, "\(what): \(gotStatus ?? 0) \(gotCode ?? 0)")
        }
        for method in ["GET", "DELETE"] {
            let reply = try await HTTP.send(
                method, port: http.port, "/mcp", headers: ["MCP-Protocol-Version": Wire.modern])
            it.equal(reply.status, 405, method)
        }
    }

    @Sendable private static func declaresWhatIsServed(_ it: Case) async throws {
        let capabilities = try await it.capabilities()
        for kind in ["tools", "prompts", "resources", "completions", "logging"] {
            it.expect(capabilities[kind] != nil, "\(kind) is served and not declared")
        }
        for kind in ["tools", "prompts", "resources"] {
            it.equal(capabilities.at(kind, "listChanged"), true, "listChanged of \(kind)")
            it.expect(try await !it.list("\(kind)/list", kind).isEmpty, "no \(kind)")
        }
        it.equal(capabilities.at("resources", "subscribe"), true, "subscribe")
        it.expect(try await !it.list("resources/templates/list", "resourceTemplates").isEmpty, "no templates")
    }

    @Sendable static func closedStream(_ it: Case) async throws {
        let http = try it.require(it.http, "HTTP")
        let key = "G-7 \(it.lane.server)"
        let mark = it.mark
        let tool = it.name(it.isModern ? "hang" : "slow")
        let params = http.complete(
            ["name": .string(tool), "arguments": ["key": .string(key), "ms": 400]], AgentOptions(), [:])
        let message: JSONValue = ["jsonrpc": "2.0", "id": "G-7", "method": "tools/call", "params": params]
        let headers = http.headers("tools/call", params, [:])
        let port = http.port
        let body = message.bytes
        let record = it.record
        let connection = Connections.Held()
        try await offPool {
            let opened = try RawConnection(port: port)
            var head = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Length: \(body.count)\r\n"
            for (name, value) in headers { head += "\(name): \(value)\r\n" }
            try opened.send(Array((head + "\r\n").utf8) + body)
            connection.hold(opened)
        }
        _ = try await it.line(from: mark) { $0.event == "began" && $0.key == key }
        connection.close()
        let end = it.isModern ? "cancelled" : "ended"
        let found = try await it.line(from: mark) { ["cancelled", "ended"].contains($0.event) && $0.key == key }
        it.equal(found.event, end, "after the close")
        _ = record
    }

    @Sendable private static func listens(_ it: Case) async throws {
        let id: JSONValue = it.lane.back == .http ? "listen é" : 4711
        let filter: JSONValue = ["toolsListChanged": true, "resourceSubscriptions": [], "unknownKind": true]
        let listening = try await it.agent.listen(filter, id: id)
        let first = try await listening.next(within: .seconds(10)) { $0["method"] != nil }
        it.equal(first.method, "notifications/subscriptions/acknowledged", "the first message")
        it.equal(first.params.at("notifications", "toolsListChanged"), true, "what is honoured")
        it.expect(first.params.at("notifications", "unknownKind") == nil, "an unknown kind is honoured")
        it.expect(first.params.at("notifications", "promptsListChanged") == nil, "more than was asked for")
        it.equal(first.params["_meta"]?[Wire.prefix + "subscriptionId"], id, "the id of the acknowledgement")
        _ = try await it.call("change", ["kind": "prompts", "name": .string("g9p" + it.lane.tag)])
        _ = try await it.call("change", ["kind": "tools", "name": .string("g9" + it.lane.tag)])
        let notice = try await listening.next("notifications/tools/list_changed")
        it.equal(notice.params["_meta"]?[Wire.prefix + "subscriptionId"], id, "the id of a notice")
        for message in listening.all where message.method?.hasPrefix("notifications/") == true {
            it.expect(message.method != "notifications/prompts/list_changed", "a kind that was not asked for")
        }
        await listening.close()
    }

    @Sendable private static func logs(_ it: Case) async throws {
        if it.isModern {
            let none = try await it.call("log", ["key": "a"])
            it.equal(none.notices("notifications/message").count, 0, "without a level")
        } else {
            _ = try await it.agent.request("logging/setLevel", ["level": "warning"])
        }
        let options = AgentOptions(meta: it.isModern ? [(Wire.prefix + "logLevel", "warning")] : [])
        let reply = try await it.call("log", ["key": "b"], options)
        let levels = reply.notices("notifications/message").compactMap { $0.params["level"]?.stringValue }
        it.equal(levels, ["warning", "error", "critical", "alert", "emergency"], "levels")
        it.equal(reply.text, "logged", "the result")
        if !it.isModern { _ = try await it.agent.request("logging/setLevel", ["level": "debug"]) }
    }

    @Sendable private static func progresses(_ it: Case) async throws {
        for token in [JSONValue.string("é token"), .number("17")] {
            let reply = try await it.call("progress", ["n": 3], AgentOptions(meta: [("progressToken", token)]))
            let notices = reply.notices("notifications/progress")
            it.equal(notices.compactMap { $0.params["progress"]?.intValue }, [1, 2, 3], "steps")
            for notice in notices { it.equal(notice.params["progressToken"], token, "token") }
            it.equal(notices.last?.params["message"], "step 3", "message")
            it.equal(reply.text, "done after 3", "result")
        }
        let silent = try await it.call("progress", ["n": 3])
        it.equal(silent.notices("notifications/progress").count, 0, "without a token")
    }
}
