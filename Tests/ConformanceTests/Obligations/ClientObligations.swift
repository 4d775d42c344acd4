import GateProtocol
import GateTestKit

/// G-30 to G-50: the gateway as a client to backends. What a backend sees depends on the agent's era too, so these run
/// in every pairing.
extension Obligation {
    static let clientObligations: [Obligation] = [
        Obligation("G-30", "The era is decided once for each backend") { it in
            _ = try await it.call("echo", ["text": "x"])
            let probes = it.record.all.filter { $0.method == "server/discover" || $0.method == "initialize" }
            let wanted = it.lane.backend == .modern ? ["server/discover"] : ["server/discover", "initialize"]
            let starts = it.record.all.prefix { $0.event != "crash" && $0.event != "began" }
            it.equal(starts.compactMap(\.method).prefix(wanted.count).map { $0 }, wanted, "the first requests")
            it.expect(!probes.isEmpty, "no probe")
        },
        Obligation(
            "G-31", "stdio: `server/discover` first, then `initialize` on the same process",
            Lanes.when { $0.back == .stdio }
        ) { it in
            let first = try it.require(it.record.all.first { $0.isReceived }, "nothing received")
            it.equal(first.method, "server/discover", "the first message")
            guard it.lane.backend == .legacy else { return }
            let hello = try it.require(it.record.all.first { $0.method == "initialize" }, "no initialize")
            it.equal(hello.json["pid"], first.json["pid"], "the process of initialize")
            let ready = it.record.all.first { $0.method == "notifications/initialized" }
            it.equal(ready?.json["pid"], first.json["pid"], "the process of initialized")
        },
        Obligation("G-34", "HTTP: a modern POST first, then a bare `initialize`", Lanes.when { $0.back == .http }) {
            it in
            let first = try it.require(it.record.all.first { $0.isReceived }, "nothing received")
            it.equal(first.method, "server/discover", "the first message")
            it.equal(first.headers["mcp-protocol-version"], .string(Wire.modern), "its version header")
            it.equal(first.headers["mcp-method"], "server/discover", "its method header")
            guard it.lane.backend == .legacy else { return }
            let hello = try it.require(it.record.all.first { $0.method == "initialize" }, "no initialize")
            for name in ["mcp-protocol-version", "mcp-method", "mcp-session-id"] {
                it.expect(hello.headers[name] == nil, "\(name) on initialize")
            }
        },
        Obligation(
            "G-35", "Envelope and headers on every modern request; only what the agent can answer",
            Lanes.modernBackend, envelopes),
        Obligation("G-36", "JSON and events, comments, unknown members, a negative `ttlMs` are accepted") { it in
            it.equal(try await it.call("noise").text, "after noise", "after noise")
            it.equal(
                try await it.call("error", ["code": -32603, "text": "inner"]).result["isError"] ?? true, true,
                "an error")
        },
        Obligation("G-37", "An unknown `resultType` is an invalid response", Lanes.modernBackend) { it in
            let reply = try await it.call("strange")
            it.expect(
                reply.error != nil || reply.result["isError"] == true, "passed on: \(reply.response.raw.prefix(200))")
            it.expect(reply.result["resultType"] != "strange", "the unknown type reached the agent")
        },
        Obligation(
            "G-38", "`x-mcp-header` arguments are mirrored; invalid tools are dropped",
            Lanes.when { $0.backend == .modern && $0.back == .http }
        ) { it in
            let names = try await it.list("tools/list", "tools").compactMap { $0["name"]?.stringValue }
            it.expect(!names.contains(it.name("bad_header")), "the invalid tool is listed")
            let mirrored = [
                "Mcp-Param-Region": HeaderValue.wrapped("é u"), "Mcp-Param-Count": "7", "Mcp-Param-Flag": "true",
            ]
            let options = AgentOptions(headers: it.isModern ? mirrored : [:])
            let reply = try await it.call("headered", ["region": "é u", "count": 7, "inner": ["flag": true]], options)
            let headers = reply.structured?["headers"]
            it.equal(
                headers?["mcp-param-region"], .string(HeaderValue.wrapped("é u")),
                "region: \(reply.response.raw.prefix(300))")
            it.equal(headers?["mcp-param-count"], "7", "count")
            it.equal(headers?["mcp-param-flag"], "true", "flag")
            let bare = try await it.call("headered", ["region": nil])
            it.equal(bare.structured?["headers"], [:], "null: \(bare.response.raw.prefix(300))")
        },
        Obligation("G-39", "Pages are followed to the end; an empty cursor is a cursor") { it in
            let names = try await it.list("tools/list", "tools").compactMap { $0["name"]?.stringValue }
            for own in ["echo", "raw", "kinds", "rounds", "rich", "headered", "tasked"] {
                it.expect(names.contains(it.name(own)), "\(own) is missing")
            }
            it.expect(
                it.record.all.contains { $0.method == "tools/list" && $0.message.at("params", "cursor") == "" },
                "the empty cursor was not used")
        },
        Obligation(
            "G-40", "Legacy HTTP: session and version on every request; resumption; a lost session is opened anew",
            Lanes.when { $0.backend == .legacy && $0.back == .http }, legacyLink),
        Obligation("G-41", "Ids and progress tokens towards a backend are the gateway's own", Lanes.all, ownTokens),
        Obligation("G-42", "A deadline for each request; on expiry the backend is told in its own way", Lanes.http) {
            it in
            let key = "G-42 \(it.lane.server)"
            let mark = it.mark
            let reply = try await it.call(
                "hang", ["key": .string(key)], AgentOptions(headers: ["X-Stonegate-Timeout": "700"]))
            it.equal(reply.result["isError"], true, "the result: \(reply.response.raw.prefix(200))")
            _ = try await it.line(from: mark) { $0.event == "cancelled" && $0.key == key }
        },
        Obligation("G-43", "A backend's ping is answered, an unknown request refused", Lanes.legacyBackend) { it in
            let reply = try await it.call("ask_back")
            it.equal(reply.structured?.at("ping", "result"), [:], "ping: \(reply.response.raw.prefix(300))")
            it.equal(reply.structured?.at("unknown", "error", "code"), -32601, "an unknown request")
        },
        Obligation(
            "G-45", "A crashed backend is restarted; its call is lost and never repeated",
            Lanes.when { $0.back == .stdio }
        ) { it in
            let key = "G-45 \(it.lane.server)"
            let mark = it.mark
            let reply = try await it.call("crash", ["key": .string(key)])
            it.equal(reply.result["isError"], true, "the lost call: \(reply.response.raw.prefix(200))")
            it.equal(try await it.call("echo", ["text": "back"]).text, "back", "afterwards")
            let crashes = try await it.received(since: mark).filter { $0.event == "crash" && $0.key == key }
            it.equal(crashes.count, 1, "executions")
        },
        Obligation(
            "G-46", "stdio: lines that are not JSON are skipped, long lines pass", Lanes.when { $0.back == .stdio }
        ) { it in
            it.equal(try await it.call("noise").text, "after noise", "after noise")
            it.equal(try await it.call("long", ["bytes": 400_000]).text?.utf8.count, 400_000, "a long line")
        },
        Obligation("G-47", "The agent's credentials and cookies never reach a backend", Lanes.http) { it in
            let mark = it.mark
            let secrets = ["Cookie": "c=SECRETCOOKIE", "X-Api-Key": "SECRETKEY"]
            _ = try await it.call("echo", ["text": "x"], AgentOptions(headers: secrets))
            for line in try await it.received(since: mark) {
                it.expect(!line.text.contains("SECRET"), "a secret arrived: \(line.text.prefix(300))")
                it.expect(line.headers["cookie"] == nil && line.headers["authorization"] == nil, "a credential header")
            }
        },
        Obligation("G-48", "Lists are private and no longer fresh than the backends say", Lanes.modernAgent) { it in
            let methods = ["tools/list", "prompts/list", "resources/list", "resources/templates/list"]
            for method in methods {
                let result = try await it.agent.request(method).result
                it.equal(result["cacheScope"], "private", method)
                it.expect(
                    (0...60000).contains(result["ttlMs"]?.intValue ?? -1),
                    "ttlMs of \(method): \(result["ttlMs"]?.text ?? "none")")
            }
        },
        Obligation("G-49", "Remote `$ref`s are not fetched; arguments are the backend's to judge") { it in
            let tools = try await it.list("tools/list", "tools")
            let remote = try it.require(tools.first { $0["name"] == .string(it.name("remote")) }, "no tool")
            // Clients may fetch what they find in a schema: the catalog does not lead them there either.
            it.expect(!remote.text.contains("http://127.0.0.1"), "the reference is passed on: \(remote.text)")
            it.equal(
                try await it.call("remote", ["x": 5, "more": true]).structured?["args"], ["x": 5, "more": true],
                "arguments")
            it.equal(it.stage.reports.strangers, 0, "visitors at the reference")
        },
        Obligation(
            "G-50", "Trace context and vendor metadata pass, reserved keys do not; `serverInfo` is the gateway's"
        ) { it in
            let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            let meta: [(String, JSONValue)] = [
                ("traceparent", .string(trace)), ("tracestate", "a=b"), ("com.example/key", ["n": .number("1.0")]),
            ]
            let reply = try await it.call("sees", [:], AgentOptions(meta: meta))
            let seen = reply.structured?["meta"]
            it.equal(
                seen?["traceparent"]?.stringValue?.split(separator: "-").dropFirst().first.map(String.init),
                "0af7651916cd43dd8448eb211c80319c", "traceparent: \(seen?.text ?? "")")
            it.equal(seen?["tracestate"], "a=b", "tracestate")
            it.equal(seen?["com.example/key"]?.text, #"{"n":1.0}"#, "a vendor's key")
            let info = seen?[Wire.prefix + "clientInfo"]
            if it.lane.backend == .legacy {
                for key in seen?.keys ?? [] { it.expect(!key.hasPrefix(Wire.prefix), "a reserved key: \(key)") }
            } else {
                it.expect(info?["name"] != .string(it.agent.name), "the agent's clientInfo reached the backend")
            }
            if it.isModern {
                let name = reply.result.at("_meta", Wire.prefix + "serverInfo", "name")
                it.equal(name, "stonegate", "serverInfo")
            }
        },
    ]

    @Sendable private static func envelopes(_ it: Case) async throws {
        let mark = it.mark
        let mute = try await it.another("G-35", capabilities: [:])
        let seen = try await mute.call(it.name("sees"))
        it.equal(seen.structured?["capabilities"], [:], "capabilities of an agent without any")
        let can = try await it.call("sees").structured?["capabilities"]
        for own in ["elicitation", "sampling"] {
            it.expect(can?[own] != nil, "\(own) is not declared: \(can?.text ?? "")")
        }
        it.expect(can?.at("extensions", Wire.prefix + "tasks") == nil, "the tasks extension is declared")
        it.expect(can?["tasks"] == nil, "legacy tasks are declared")
        await mute.close()
        for line in try await it.received(since: mark) where line.isReceived && line.message["id"] != nil {
            let meta = line.message.at("params", "_meta")
            it.equal(meta?[Wire.prefix + "protocolVersion"], .string(Wire.modern), "version of \(line.method ?? "")")
            it.expect(
                meta?[Wire.prefix + "clientCapabilities"]?.objectValue != nil, "capabilities of \(line.method ?? "")")
            guard it.lane.back == .http else { continue }
            it.equal(line.headers["mcp-protocol-version"], .string(Wire.modern), "version header")
            it.equal(line.headers["mcp-method"], line.message["method"], "method header")
            it.equal(line.headers["mcp-name"], line.message.at("params", "name"), "name header")
            it.expect(line.headers["mcp-session-id"] == nil, "a session id")
            let accept = line.headers["accept"]?.stringValue ?? ""
            it.expect(accept.contains("application/json") && accept.contains("text/event-stream"), "Accept: \(accept)")
        }
    }

    @Sendable private static func legacyLink(_ it: Case) async throws {
        let start = it.mark
        _ = try await it.call("echo", ["text": "x"])
        for line in try await it.received(since: start) where line.isReceived {
            it.expect(line.headers["mcp-session-id"] != nil, "no session id on \(line.method ?? "an answer")")
            it.equal(
                line.headers["mcp-protocol-version"], .string(Wire.legacy), "version on \(line.method ?? "an answer")")
        }
        it.expect(it.record.all.contains { $0.json["verb"] == "GET" }, "no GET stream was opened")
        let mark = it.mark
        it.equal(try await it.call("poll").text, "polled", "a stream that was closed early")
        _ = try await it.line(from: mark) { $0.json["verb"] == "GET" && $0.headers["last-event-id"] != nil }
        let before = it.mark
        _ = try await it.call("forget")
        let key: JSONValue = .string("G-40 \(it.lane.server)")
        let again = try await it.call("executed", ["key": key])
        it.equal(again.structured?["count"], 1, "after a lost session: \(again.response.raw.prefix(300))")
        let lines = try await it.received(since: before)
        it.equal(lines.filter { $0.method == "initialize" }.count, 1, "new handshakes")
    }

    @Sendable private static func ownTokens(_ it: Case) async throws {
        let mark = it.mark
        let other = try await it.another("G-41")
        let options = AgentOptions(id: 1, meta: [("progressToken", 1)])
        async let one = it.call("progress", ["n": 3], options)
        async let two = other.call(it.name("progress"), ["n": 5], options)
        let (mine, theirs) = try await (one, two)
        it.equal(mine.text, "done after 3", "one")
        it.equal(theirs.text, "done after 5", "the other")
        it.equal(mine.notices("notifications/progress").count, 3, "steps of one")
        it.equal(theirs.notices("notifications/progress").count, 5, "steps of the other")
        await other.close()
        let calls = try await it.received(since: mark).filter { $0.method == "tools/call" }
        let tokens = calls.compactMap { $0.message.at("params", "_meta", "progressToken")?.text }
        it.expect(tokens.count >= 2 && Set(tokens).count == tokens.count, "tokens towards the backend: \(tokens)")
    }
}
