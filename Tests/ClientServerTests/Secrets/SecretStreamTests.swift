import GateProtocol
import GateTestKit
import Testing

/// Secrets, and what one agent's calls hold, in the streams, the asynchronous calls and the callbacks of others.
@Suite(.serialized) struct SecretStreamTests {
    private func session(_ gateway: GatewayProcess, _ identity: [String: String]) async throws -> [String: String] {
        let hello = try await gateway.post("/mcp", headers: identity, json: FakeMCP.initialize)
        let id = try #require(hello["Mcp-Session-Id"], "\(hello.text)")
        let headers = identity.merging(["Mcp-Session-Id": id, "MCP-Protocol-Version": "2025-11-25"]) { $1 }
        let ready = #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#
        #expect(try await gateway.post("/mcp", headers: headers, json: ready).status == 202)
        let level = #"{"jsonrpc":"2.0","id":9,"method":"logging/setLevel","params":{"level":"debug"}}"#
        _ = try await gateway.post("/mcp", headers: headers, json: level)
        return headers
    }

    @Test func eventStreamsAndMCPShowNoSecretAndNothingOfOthers() async throws {
        let gateway = try await SecretRig.start()
        let sweep = Sweep()
        let admin = ["Authorization": "Bearer \(try #require(gateway.adminToken))"]
        let (mine, theirs) = (try await session(gateway, SecretRig.agent), try await session(gateway, SecretRig.other))
        let listen = """
            {"jsonrpc":"2.0","id":"l","method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},\
            "_meta":{"io.modelcontextprotocol/protocolVersion":"\(MCPMessage.modern)",\
            "io.modelcontextprotocol/clientCapabilities":{}}}}
            """
        let modern = SecretRig.other.merging(
            [
                "MCP-Protocol-Version": MCPMessage.modern, "Mcp-Method": "subscriptions/listen",
                "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
            ]
        ) { $1 }
        let streams = [
            (
                "events of the operator",
                try await EventStream.open("GET", port: gateway.port, "/events", headers: admin)
            ),
            (
                "events of the other",
                try await EventStream.open("GET", port: gateway.port, "/events", headers: SecretRig.other)
            ),
            ("session of the other", try await EventStream.open("GET", port: gateway.port, "/mcp", headers: theirs)),
            (
                "subscription of the other",
                try await EventStream.open(
                    "POST", port: gateway.port, "/mcp", headers: modern, body: Array(listen.utf8))
            ),
        ]
        for (name, stream) in streams { #expect(stream.head.status == 200, "\(name): \(stream.head.text)") }

        // One agent's calls: log messages, progress, failures, a list that changes.
        func call(_ tool: String, _ arguments: JSONValue, _ server: String = "fake") async throws -> String {
            let message = MCPMessage.legacyCall(
                "gate_call", ["server": .string(server), "tool": .string(tool), "arguments": arguments])
            return try await gateway.post("/mcp", headers: mine, json: message).text
        }
        let canary = JSONValue.string(SecretRig.canary("call"))
        let logged = try await call("log", ["level": "error", "message": canary])
        #expect(logged.contains("logged"))
        #expect(try await call("echo", ["text": canary]).contains(SecretRig.canary("call")))
        for (tool, server) in [("echo", "gone"), ("echo", "far"), ("nothing", "fake"), ("crash", "fake")] {
            sweep.add("MCP \(server)/\(tool)", try await call(tool, ["text": canary, "key": canary], server))
        }
        sweep.add(
            "MCP, no such method",
            try await gateway.post(
                "/mcp", headers: mine,
                json: #"{"jsonrpc":"2.0","id":3,"method":"nothing/here","params":{"k":\#(canary.text)}}"#
            ).text)
        try await gateway.log("[fake] server is running", from: gateway.logged)
        _ = try await call("add_tool", ["name": "fresh"], "plain")
        // All have come through when the last event that all get has: a restart that is seen everywhere.
        let before = streams[0].1.events.all.count
        _ = try await gateway.admin("POST", "/server/restart", json: #"{"name":"plain"}"#)
        _ = try await streams[0].1.events.first(from: before) {
            $0.data.contains("\"plain\"") && $0.data.contains("running")
        }
        _ = try await streams[1].1.events.first { $0.data.contains("plain") && $0.data.contains("running") }
        for (name, stream) in streams {
            sweep.add(name, stream.events.all.map { "\($0.data)" }.joined(separator: "\n"))
            stream.close()
        }
        let secrets = try gateway.secrets(["call"])
        #expect(try await gateway.stop() == .code(0))
        sweep.addOutput(of: gateway)
        sweep.expectNone(of: secrets)
    }

    @Test func asynchronousCallsAndCallbacksShowTheirOwnersOnly() async throws {
        let receiver = try ScriptedServer { _ in .reply(204, "") }
        let gateway = try await SecretRig.start("[async]\ncallback_hosts = [\"127.0.0.1:\(receiver.port)\"]\n")
        let sweep = Sweep()
        let canary = SecretRig.canary("async")
        let submitted = try JSONReply(
            await gateway.post(
                "/call/async", headers: SecretRig.agent,
                json: """
                    {"server":"fake","tool":"echo","arguments":{"text":"\(canary)"},\
                    "callback_url":"http://127.0.0.1:\(receiver.port)/hook"}
                    """))
        let id = try #require(submitted.json["call_id"]?.stringValue, "\(submitted.json)")
        let told = try await receiver.requests.first { $0.path == "/hook" }.element
        #expect(told.body.contains(canary), "its own receiver gets the result")
        sweep.add("callback head", told.headers.map { "\($0.key): \($0.value)" }.joined(separator: "\n"))
        let own = try await gateway.get("/call/\(id)", headers: SecretRig.agent)
        #expect(own.text.contains(canary))

        for path in ["/call/\(id)", "/calls", "/events?format=json&after=0", "/stats"] {
            sweep.add("GET \(path) of the other", try await gateway.get(path, headers: SecretRig.other).text)
        }
        for path in ["/calls", "/log", "/stats", "/metrics", "/events?format=json&after=0", "/config", "/health"] {
            sweep.add("GET \(path)", try await gateway.admin("GET", path).text)
        }
        let refused = try await gateway.post(
            "/call/async", headers: SecretRig.agent,
            json: """
                {"server":"fake","tool":"echo","arguments":{"text":"\(canary)"},\
                "callback_url":"http://\(SecretRig.canary("refused")):x@127.0.0.1:\(receiver.port)/hook"}
                """)
        #expect(refused.status == 400)
        sweep.add("a callback with credentials", refused.text)

        let secrets = try gateway.secrets(["async", "refused"])
        #expect(secrets.contains { $0.hasPrefix("whsec_") })
        #expect(try await gateway.stop() == .code(0))
        sweep.addOutput(of: gateway)
        // The call's arguments and result are what this file is there for.
        let kept = sweep.addFiles(
            of: gateway,
            except: ["admin.token", "callback.secret", "store/calls.db", "store/calls.db-wal", "store/calls.db-shm"])
        #expect(kept.contains { $0.hasPrefix("store/") } && kept.contains { $0.contains("audit") }, "\(kept)")
        sweep.expectNone(of: secrets)
        // That file has nothing but the call.
        let rest = Sweep()
        _ = rest.addFiles(of: gateway)
        rest.expectNone(of: secrets.filter { $0 != canary })
    }
}
