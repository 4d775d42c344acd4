import Foundation
import GateProtocol
import GateTestKit
import Testing

/// S-21, S-24: who may change servers, and what their names may do.
@Suite(.serialized) struct ServerChangeTests {
    private static let token = "agent-0123456789abcdef0123456789abcdef"

    /// Each way in which a server could come to run, tried by those who may not.
    @Test func nobodyButTheOperatorMakesAProgramRun() async throws {
        let directory = try TemporaryDirectory()
        let mark = directory.file("ran")
        let agent = "[[agents]]\nname = \"a\"\nallow = [\"*\"]\ntoken = \"\(Self.token)\"\n\n"
        let stopped =
            Backends.stdio("idle", "/bin/sh", ["-c", "echo idle >> \(mark); exec cat"]) + "enabled = false\n\n"
        let gateway = try await GatewayProcess.start(agent + Backends.fake("one") + stopped)
        try await gateway.running(["one"])
        let pid = try JSONReply(await gateway.admin("GET", "/server/list")).json["servers"]?.arrayValue?.first?["pid"]
        let definition = #"{"name":"new","command":"/bin/sh","args":["-c","echo new >> \#(mark); exec cat"]}"#
        let acts: [(path: String, body: String)] = [
            ("/server/add", definition), ("/server/start", #"{"name":"idle"}"#),
            ("/server/restart", #"{"name":"one"}"#),
            ("/server/restart", #"{"name":"idle"}"#), ("/server/stop", #"{"name":"one"}"#),
            ("/server/remove", #"{"name":"one"}"#), ("/gateway/reload", "{}"), ("/gateway/stop", "{}"),
        ]
        let callers: [(name: String, headers: [String: String])] = [
            ("nobody", [:]), ("the agent", ["Authorization": "Bearer \(Self.token)"]),
            ("a wrong token", ["Authorization": "Bearer sg_admin_\(String(repeating: "A", count: 43))"]),
            ("the agent, said otherwise", ["Authorization": "Bearer \(Self.token)", "X-Stonegate-Agent": "admin"]),
        ]
        for (path, body) in acts {
            for caller in callers {
                let reply = try await gateway.post(path, headers: caller.headers, json: body)
                #expect(reply.status == 401, "\(path) by \(caller.name): \(reply.text)")
            }
        }
        // Over MCP there is no such tool, and a tool's name is no way to one.
        let hello = try await gateway.post("/mcp", headers: callers[1].headers, json: FakeMCP.initialize)
        let session = callers[1].headers.merging(["Mcp-Session-Id": try #require(hello["Mcp-Session-Id"])]) { $1 }
        for tool in ["gate_server_add", "server/add", "/server/add", "gate_reload"] {
            let reply = try await gateway.post(
                "/mcp", headers: session,
                json: MCPMessage.legacyCall(tool, ["name": "new", "command": "/bin/sh"])
            ).answer()
            #expect(reply.json["error"] != nil || reply.json["result"]?["isError"] == true, "\(reply.json)")
        }
        let list = try JSONReply(await gateway.admin("GET", "/server/list")).json["servers"]?.arrayValue ?? []
        #expect(list.compactMap { $0["name"]?.stringValue } == ["one", "idle"])
        #expect(list.first?["pid"] == pid && list.first?["restarts"] == 0)
        #expect(!FileManager.default.fileExists(atPath: mark))
        // The same act of the operator does run it: the mark works.
        #expect(try await gateway.admin("POST", "/server/add", json: definition).status == 201)
        let ran = try await eventually { directory.read("ran") == "new\n" }
        #expect(ran)
        #expect(try await gateway.stop() == .code(0))
    }

    private static let names = [
        "../../etc/passwd", "..", ".", ".hidden", "a/b", "a\\b", "a%2fb", "a\0b", "a b", "a\nb", "-e", "--config=x",
        "~",
        "~root", "$HOME", "`id`", "a;id", "a|b", "a:b", "a?b", "a*b", "\u{202E}a", "caf\u{E9}", "", "/",
        String(repeating: "a", count: 129),
    ]

    @Test func namesAreNeverPaths() async throws {
        let gateway = try await GatewayProcess.start(Backends.fake("one"))
        try await gateway.running(["one"])
        _ = try await gateway.admin("POST", "/server/restart", json: #"{"name":"one"}"#)
        func listing(_ path: String) -> Set<String> {
            Set(FileManager.default.enumerator(atPath: path)?.allObjects as? [String] ?? [])
        }
        let before = listing(gateway.dataDirectory)
        for name in Self.names {
            let server: JSONValue = ["name": .string(name), "command": "/bin/cat"]
            #expect(try await gateway.admin("POST", "/server/add", json: server.text).status == 400, "\(name)")
            let agent: JSONValue = ["name": .string(name), "allow": ["*"]]
            let added = try await gateway.admin("POST", "/agents/add", json: agent.text)
            #expect(added.status == 400, "agent \(name): \(added.text)")
            for act in ["start", "stop", "restart", "remove"] {
                let body: JSONValue = ["name": .string(name)]
                let reply = try await gateway.admin("POST", "/server/\(act)", json: body.text)
                #expect(reply.status == 404 || reply.status == 400, "\(act) \(name): \(reply.status)")
            }
            let call: JSONValue = ["server": .string(name), "tool": .string(name), "arguments": [:]]
            let refused = try await gateway.post("/call", json: call.text)
            #expect(refused.status == 404 || refused.status == 400, "call \(name): \(refused.status)")
        }
        // What the gateway keeps of its own accord may come and go; nothing else does.
        let own: Set = ["catalog.json", "names.json", "eras.json", "prompts.json", "agents.json", "servers.json"]
        let changed = listing(gateway.dataDirectory).symmetricDifference(before)
        #expect(changed.subtracting(own).allSatisfy { $0.hasSuffix(".json.new") }, "\(changed)")
        #expect(listing(gateway.directory.path).filter { !$0.hasPrefix("data") } == ["config.toml"])
        #expect(try await gateway.stop() == .code(0))
    }

    /// Arguments reach the program one by one, as they are: no shell reads them.
    @Test func argumentsAreLiteral() async throws {
        let words = ["; id", "$(id)", "`id`", "a b", "*", "--", "-e", "'\"", "\\n", "é\u{202E}"]
        let gateway = try await GatewayProcess.start(
            Backends.stdio("one", try Products.path("fakemcp"), ["--name", words.joined(separator: "|")]))
        try await gateway.running(["one"])
        let identity = try await gateway.call("one", "whoami").json["result"]?["structuredContent"]
        #expect(identity?["arguments"]?.arrayValue?.last?.stringValue == words.joined(separator: "|"))
        #expect(try await gateway.stop() == .code(0))
    }
}
