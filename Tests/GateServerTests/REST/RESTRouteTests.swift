import GateConfig
import GateProtocol
import GateTestKit
import Testing

@testable import GateServer

/// What each route answers.
@Suite struct RESTRouteTests {
    @Test func toolsOfAllServersAndOfOne() async throws {
        try await RESTRig.with { (rig) async throws in
            let all = try await ToolList(json: rig.get("/tools").json)
            #expect(all.total == 5)
            #expect(all.tools.map(\.name) == ["echo", "read_file", "beta_echo", "beta_read_file", "weather"])
            #expect(all.tools.first?.parameters["properties"]?["text"]?["type"] == "string")
            let beta = try await ToolList(json: rig.get("/tools/beta").json)
            #expect(beta.tools.map { "\($0.server)/\($0.tool)" } == ["beta/echo", "beta/read.file", "beta/weather"])
            #expect(try await rig.get("/tools/%62eta").text == rig.get("/tools/beta").text)
            #expect(try await ToolList(json: rig.get("/tools?servers=beta").json) == beta)
            #expect(try await ToolList(json: rig.get("/tools?servers=beta,alpha").json) == all)
        }
    }

    @Test func anUnknownServerNeverMeansAll() async throws {
        try await RESTRig.with { (rig) async throws in
            for path in [
                "/tools/nope", "/tools/Alpha", "/tools/alpha%20", "/tools/%61lph%C3%A0", "/tools/..", "/tools/*",
                "/schema/nope/echo", "/schema/..%2e/echo",
            ] {
                let reply = try await rig.get(path)
                #expect(reply.status == 404, "\(path)")
                #expect(reply.code == "SERVER_NOT_FOUND", "\(path)")
            }
            for path in ["/tools/", "/tools/%00", "/tools/a%2fb", "/tools/%ff", "/tools/%", "/tools/alpha/echo"] {
                let reply = try await rig.get(path)
                #expect(reply.status == 404, "\(path)")
                #expect(reply.code == "NOT_FOUND", "\(path)")
            }
            for query in ["servers=", "servers=nope", "servers=ALPHA", "servers=,", "servers=nope&servers=alpha"] {
                #expect(try await rig.get("/tools?\(query)").json["total"] == 0, "\(query)")
                #expect(try await rig.get("/server/list?\(query)").json["total"] == 0, "\(query)")
                #expect(try await rig.get("/discover?\(query)").json["total"] == 0, "\(query)")
                #expect(try await rig.post("/call?\(query)", #"{"tool":"echo"}"#).status == 404, "\(query)")
            }
        }
    }

    /// What cannot be read is refused: read as absent, it would show more than was asked for.
    @Test func aQueryThatCannotBeReadIsRefused() async throws {
        let many = String(repeating: "a&", count: 150)
        try await RESTRig.with { (rig) async throws in
            for query in ["servers=%", "servers=%f", "servers=%zz", "servers=%ff", "%ff=alpha", "\(many)servers=alpha"]
            {
                for path in ["/tools", "/server/list", "/discover"] {
                    #expect(try await rig.get("\(path)?\(query)").status == 400, "\(path)?\(query)")
                }
                for path in ["/mcp", "/", "/mcp/alpha"] {
                    #expect(try await rig.post("\(path)?\(query)", "{}").status == 400, "\(path)?\(query)")
                }
            }
            #expect(rig.isUntouched)
        }
    }

    @Test func mcpPathsNameWhatIsSeen() async throws {
        try await RESTRig.with { (rig) async throws in
            let table = [
                ("/mcp", "all"), ("/", "all"), ("/mcp/alpha", "alpha"), ("/mcp?servers=beta,alpha", "alpha,beta"),
                ("/mcp?servers=nope", "nope"), ("/mcp/%61lpha", "alpha"), ("/mcp?other=x", "all"),
            ]
            for (path, seen) in table {
                #expect(try await rig.post(path, "{}").status == 202, "\(path)")
                #expect(rig.mcp.all.last == "POST \(seen)", "\(path)")
            }
            for path in ["/mcp/nope", "/mcp/", "/mcp/alpha/x", "/mcp/a%2fb", "/MCP", "/mcp//alpha"] {
                #expect(try await rig.post(path, "{}").status == 404, "\(path)")
            }
            #expect(rig.mcp.all.count == table.count)
        }
    }

    @Test func discoverHasBounds() async throws {
        try await RESTRig.with { (rig) async throws in
            let two = try await rig.get("/discover?query=say+it%20again&limit=2").json
            #expect(two["tools"]?.arrayValue?.count == 2)
            #expect(two["total"] == 2)
            #expect(two["query"] == "say it again")
            #expect(try await rig.get("/discover").json["total"] == 5)
            #expect(try await rig.get("/discover?limit=1000").status == 200)
            for limit in [
                "-1", "0", "1001", "9223372036854775808", "-9223372036854775809", "x", "", "1.0", "1e2", "+5", "٣",
            ] {
                let reply = try await rig.get("/discover?limit=\(limit)")
                #expect(reply.status == 400, "\(limit)")
            }
            let long = String(repeating: "a", count: 8_193)
            #expect(try await [400, 414].contains(rig.get("/discover?query=\(long)").status))
        }
    }

    @Test func schemaShowsBothFormsOfATool() async throws {
        try await RESTRig.with { (rig) async throws in
            let byOwn = try await rig.get("/schema/beta/read.file")
            let json = try byOwn.json
            #expect(json["name"] == "beta_read_file")
            #expect(json["tool"] == "read.file")
            #expect(json["definition"]?["name"] == "read.file")
            #expect(json["repairs"] == [#"inputSchema: added "properties""#])
            #expect(json["parameters"]?["properties"] == [:])
            #expect(try await rig.get("/schema/beta/beta_read_file").text == byOwn.text)
            let missing = try await rig.get("/schema/alpha/weather")
            #expect(missing.status == 404)
            #expect(missing.code == "TOOL_NOT_FOUND")
        }
    }

    @Test func serversAreListedAndActedOn() async throws {
        try await RESTRig.with { (rig) async throws in
            let list = try await rig.get("/server/list").json.list("servers", of: ServerInfo.self)
            #expect(list.map(\.name) == ["alpha", "beta"])
            #expect(list.first?.details["advice"] == "nothing to do")
            for action in ["start", "stop", "restart", "remove"] {
                let reply = try await rig.post("/server/\(action)", #"{"name":"alpha"}"#, .admin)
                #expect(try reply.json == ["ok": true, "name": "alpha", "action": .string(action)])
                let missing = try await rig.post("/server/\(action)", #"{"name":"nope"}"#, .admin)
                #expect(missing.status == 404)
                #expect(missing.code == "SERVER_NOT_FOUND")
                for body in ["", "[]", "{}", #"{"name":1}"#, #"{"name":null}"#, #"{"name":"alpha","name":"beta"}"#] {
                    #expect(try await rig.post("/server/\(action)", body, .admin).status == 400, "\(body)")
                }
                let long = String(repeating: "x", count: 1_000_000)
                let reflected = try await rig.post("/server/\(action)", #"{"name":"\#(long)"}"#, .admin)
                #expect(reflected.body.count < 2_000)
            }
            #expect(rig.services.actions.all == ["start alpha", "stop alpha", "restart alpha", "remove alpha"])
        }
    }

    @Test func serversAreAdded() async throws {
        try await RESTRig.with { (rig) async throws in
            let stdio = try await rig.post(
                "/server/add", #"{"name":"gamma","command":"/bin/cat","args":["-u"],"env":{"KEY":"canary"}}"#, .admin)
            #expect(stdio.status == 201)
            #expect(try stdio.json == ["ok": true, "name": "gamma", "action": "add"])
            let http = try await rig.post(
                "/server/add", #"{"name":"delta","transport":"http","url":"https://u:canary@example.com/mcp"}"#, .admin)
            #expect(http.status == 201)
            guard case .stdio(let launch) = rig.services.added.all.first?.connection else {
                Issue.record("no stdio server")
                return
            }
            #expect(launch.args == ["-u"])
            #expect(launch.env["KEY"]?.exposed == "canary")
            let taken = try await rig.post("/server/add", #"{"name":"alpha","command":"/bin/cat"}"#, .admin)
            #expect(taken.status == 409)
            #expect(taken.code == "SERVER_EXISTS")
            let bad = try await rig.post(
                "/server/add", #"{"name":"b a d","comand":"/bin/cat","env":{"LD_PRELOAD":"canary"}}"#, .admin)
            #expect(bad.status == 400)
            for part in ["name", "comand", "LD_PRELOAD"] { #expect(bad.message.contains(part), "\(bad.message)") }
            for reply in [stdio, http, taken, bad] { #expect(!reply.text.contains("canary")) }
        }
    }

    @Test func theConfigurationIsShownWithoutSecrets() async throws {
        var config = GatewayConfig()
        config.backends = [
            BackendConfig(
                name: "files",
                connection: .stdio(
                    .init(
                        command: "/bin/cat", args: ["--key", "canary-args"], env: ["KEY": Secret("canary-env")],
                        shownArgs: ["--key", "${KEY}"]))),
            BackendConfig(
                name: "web",
                connection: .http(
                    .init(
                        url: try BackendURL("https://user:canary-password@example.com/mcp?key=canary-query"),
                        headers: ["Authorization": Secret("Bearer canary-header")]))),
        ]
        try await RESTRig.with(ScriptedServices(config: config)) { (rig) async throws in
            let reply = try await rig.get("/config", .admin)
            #expect(!reply.text.contains("canary"))
            #expect(try reply.json["server"]?["port"] == 3393)
            let backends = try #require(try reply.json["backends"]?.arrayValue)
            #expect(backends.first?["args"] == ["--key", "${KEY}"])
            #expect(backends.first?["env"] == ["KEY": "***"])
            #expect(backends.last?["url"] == "https://example.com/mcp")
            #expect(backends.last?["headers"] == ["Authorization": "***"])
        }
    }

    @Test func healthAndStats() async throws {
        try await RESTRig.with { (rig) async throws in
            #expect(try await HealthInfo(json: rig.get("/health").json) == rig.services.health())
            #expect(try await StatsInfo(json: rig.get("/stats").json) == rig.services.stats(of: nil))
            let head = try await rig.send("HEAD", "/health")
            #expect(head.status == 200)
            #expect(head.body == [])
        }
    }

    @Test func whatIsNotThereIsSaid() async throws {
        try await RESTRig.with { (rig) async throws in
            let missing = try await rig.get("/nothing")
            #expect(missing.status == 404)
            #expect(missing.message.contains("/openapi.json"))
            let wrong = try await rig.get("/call")
            #expect(wrong.status == 405)
            #expect(wrong["Allow"] == "POST")
            #expect(wrong.code == "METHOD_NOT_ALLOWED")
            for method in ["PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "post", "get"] {
                #expect(try await rig.send(method, "/server/list").status == 405, "\(method)")
            }
            #expect(try await rig.send("DELETE", "/server/list")["Allow"] == "GET, HEAD")
        }
    }

    @Test func whatTheServerItselfRefusesHasTheSameForm() async throws {
        try await RESTRig.with { (rig) async throws in
            let long = String(repeating: "a", count: 10_000)
            let replies = try await [
                rig.send("GET", "nothing"), rig.send("GET", "/\(long)"),
                rig.send("GET", "/", headers: [("X", long + long + long + long)]),
                rig.send("POST", "/call", headers: [("Content-Encoding", "gzip")], body: "{}"),
            ]
            #expect(replies.map(\.status) == [400, 414, 431, 415])
            for reply in replies {
                let json = try reply.json
                #expect(SchemaCheck.faults(of: json, against: Schemas.error) == [], "\(reply.text)")
                #expect(reply["X-Correlation-Id"] == json["correlation_id"]?.stringValue)
                #expect(reply["X-Content-Type-Options"] == "nosniff")
            }
        }
    }

    @Test func onlyBrowsersAreSentToThePage() async throws {
        try await RESTRig.with { (rig) async throws in
            let browser = try await rig.send(
                "GET", "/", headers: [("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")])
            #expect(browser.status == 302)
            #expect(browser["Location"] == "/ui")
            for accept in [
                "text/event-stream", "application/json, text/event-stream", "*/*", "text/html, text/event-stream",
            ] {
                #expect(try await rig.send("GET", "/", headers: [("Accept", accept)]).status == 202, "\(accept)")
            }
            #expect(try await rig.send("GET", "/").status == 202)
            #expect(try await rig.send("GET", "/mcp", headers: [("Accept", "text/html")]).status == 202)
        }
    }

    @Test func thePageRunsNothingButItsOwnScript() async throws {
        try await RESTRig.with { (rig) async throws in
            let page = try await rig.get("/ui")
            #expect(page["Content-Type"] == "text/html; charset=utf-8")
            let policy = try #require(page["Content-Security-Policy"])
            for rule in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
                #expect(policy.contains(rule))
            }
            #expect(!policy.contains("unsafe"))
            #expect(!page.text.contains("<script>"))
            for handler in ["onclick", "onload", "onerror", "javascript:", "style="] {
                #expect(!page.text.contains(handler))
            }
            let script = try await rig.get("/ui/app.js")
            #expect(script["Content-Type"] == "text/javascript; charset=utf-8")
            for danger in [
                "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "http://", "https://",
            ] {
                #expect(!script.text.contains(danger))
            }
            #expect(try await rig.get("/ui/style.css")["Content-Type"] == "text/css; charset=utf-8")
            for path in ["/ui", "/ui/app.js", "/ui/style.css", "/health", "/tools"] {
                #expect(try await rig.get(path)["X-Content-Type-Options"] == "nosniff", "\(path)")
            }
        }
    }
}
