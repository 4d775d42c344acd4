import GateProtocol
import GateTestKit
import Testing

/// S-8: what an agent shows to the gateway is the gateway's alone; servers get the operator's credentials and nothing of the agent's.
@Suite(.serialized) struct TokenPassthroughTests {
    private static let token = "agent-token-canary-0123456789abcdef0123"

    @Test func nothingOfTheAgentReachesAServer() async throws {
        let directory = try TemporaryDirectory()
        let server = try await FakeMCP.http(["--era", "modern", "--prefix", "web_"])
        let proxy = try ToxicProxy(to: server.httpPort)
        let pipe = directory.file("stdin")
        let gateway = try await GatewayProcess.start(
            """
            [[agents]]
            name = "ci"
            allow = ["*"]
            token = "\(Self.token)"

            [[backends]]
            name = "web"
            url = "http://127.0.0.1:\(proxy.port)/mcp"
            headers = { Authorization = "Bearer operators-own" }


            """
                + Backends.stdio(
                    "pipe", "/bin/sh",
                    ["-c", "tee \(pipe) | \(try Products.path("fakemcp")) --prefix pipe_"]))
        try await gateway.running(["web", "pipe"])
        let canaries = [
            "Cookie": "session=cookie-canary", "Proxy-Authorization": "Basic proxy-canary", "X-Api-Key": "key-canary",
            "X-Forwarded-User": "user-canary", "X-Auth-Token": Self.token, "Mcp-Canary": "mcp-canary",
            "Mcp-Param-Key": Self.token, "Authorization": "Bearer \(Self.token)",
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": "vendor=kept",
            "baggage": "user=baggage-canary,token=\(Self.token)",
        ]
        let meta: [(String, JSONValue)] = [
            ("baggage", "user=baggage-canary"), ("com.example/authorization", .string("Bearer \(Self.token)")),
            ("com.example/nested", ["headers": ["x": [.string(Self.token)]]]), (Self.token, 1),
            ("com.example/kept", "kept-member"),
        ]
        for name in ["web", "pipe"] {
            let call = try JSONReply(
                await gateway.post(
                    "/call", headers: canaries,
                    json: #"{"server":"\#(name)","tool":"\#(name)_echo","arguments":{"text":"hello \#(name)"}}"#))
            #expect(call.text == "hello \(name)", "\(call.json)")
            let tool = "\(name)_echo"
            let modern = canaries.merging(MCPMessage.modernHeaders(call: tool)) { $1 }
            let answer = try await gateway.post(
                "/mcp", headers: modern, json: MCPMessage.modernCall(tool, ["text": "again"], meta: meta)
            ).answer()
            #expect(answer.text == "again", "\(answer.json)")
            let legacy = canaries.merging(try await session(gateway)) { $1 }
            let message: JSONValue = [
                "jsonrpc": "2.0", "id": 7, "method": "tools/call",
                "params": [
                    "name": .string(tool), "arguments": ["text": "older"], "_meta": .object(JSONObject(meta)),
                ],
            ]
            #expect(try await gateway.post("/mcp", headers: legacy, json: message.text).answer().text == "older")
        }
        let child = try #require(directory.read("stdin"))
        #expect(proxy.requests(containing: "hello web") > 0 && proxy.requests(containing: "operators-own") > 0)
        #expect(child.contains("hello pipe"))
        // What is meant for the server has come along.
        for word in ["0af7651916cd43dd8448eb211c80319c", "vendor=kept", "kept-member"] {
            #expect(child.contains(word) && proxy.requests(containing: word) > 0, "\(word)")
        }
        let pids = try JSONReply(await gateway.admin("GET", "/server/list")).json["servers"]?.arrayValue ?? []
        var environments = ""
        for pid in pids.compactMap({ $0["pid"]?.intValue }) {
            environments += try await Program.run("/bin/cat", ["/proc/\(pid)/environ"]).output
        }
        #expect(environments.contains("STONEGATE_CHILD"))
        for word in ["canary", "operators-own", "baggage"] {
            #expect(!child.contains(word) && !environments.contains(word), "\(word)")
        }
        for word in ["canary", "baggage"] { #expect(proxy.requests(containing: word) == 0, "\(word)") }
        #expect(try await gateway.stop() == .code(0))
    }

    private func session(_ gateway: GatewayProcess) async throws -> [String: String] {
        let hello = try await gateway.post(
            "/mcp", headers: ["Authorization": "Bearer \(Self.token)"], json: FakeMCP.initialize)
        return [
            "Mcp-Session-Id": try #require(hello["Mcp-Session-Id"], "\(hello.text)"),
            "MCP-Protocol-Version": "2025-11-25",
        ]
    }
}
