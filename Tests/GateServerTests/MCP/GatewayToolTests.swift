import GateBackend
import GateProtocol
import GateServer
import GateTestKit
import NIOCore
import Testing

struct GatewayToolTests {
    private static func call(_ rig: FrontEndRig, _ name: String, _ arguments: String, path: String = "/mcp")
        async throws
        -> JSONValue
    {
        let headers = try await rig.session()
        let reply = try await rig.post(
            request("tools/call", #""name":"\#(name)","arguments":\#(arguments)"#), headers, path: path)
        #expect(reply.status == 200)
        return try #require(try reply.json["result"])
    }

    private static func text(_ result: JSONValue) -> String {
        result["content"]?.arrayValue?.first?["text"]?.stringValue ?? ""
    }

    private static let async = ["gate_call_async", "gate_poll", "gate_await", "gate_cancel", "gate_calls"]

    @Test func theyAreListedAlsoWithoutServersAndOnScopedEndpoints() async throws {
        for (services, path, expected) in [
            (FakeServices(tools: []), "/", ["gate_discover", "gate_call", "gate_status"] + GatewayToolTests.async),
            (
                FakeServices(), "/mcp/web",
                ["search", "gate_discover", "gate_call", "gate_status"] + GatewayToolTests.async
            ),
            (
                FakeServices(), "/mcp?servers=db,web",
                ["search", "query", "gate_discover", "gate_call", "gate_status"] + GatewayToolTests.async
            ),
        ] {
            try await FrontEndRig.with(services) { rig in
                let reply = try await rig.post(request("tools/list"), try await rig.session(), path: path)
                let tools = try #require(try reply.json["result"]?["tools"]?.arrayValue)
                #expect(tools.compactMap { $0["name"]?.stringValue } == expected)
                for tool in tools {
                    #expect(tool["outputSchema"] == nil)
                    #expect(tool["inputSchema"]?["properties"]?.objectValue != nil)
                }
                #expect(try reply.json["result"]?.objectValue?.keys == ["tools"])
            }
        }
    }

    @Test func gateCallPassesTheResultThrough() async throws {
        let result =
            #"{"content":[{"type":"text","text":"x"}],"structuredContent":{"n":1.10},"isError":true,"odd":[1e3]}"#
        let services = FakeServices { call in
            call.listener?.onEvent(.progress(ByteBuffer(string: #""progress":1"#)))
            return result
        }
        try await FrontEndRig.with(services) { rig in
            let arguments = #"{"server":"web","tool":"search","arguments":{"q" : 1.10}}"#
            let stream = try await rig.stream(
                request(
                    "tools/call", #""name":"gate_call","arguments":\#(arguments),"_meta":{"progressToken":1,"a/b":2}"#),
                try await rig.session())
            #expect(try await stream.next().data.contains("notifications/progress"))
            #expect(try await stream.next().data == #"{"jsonrpc":"2.0","id":1,"result":\#(result)}"#)
            let call = try #require(services.calls.all.first)
            #expect(call.arguments.map { String(buffer: $0) } == #"{"q" : 1.10}"#)
            #expect(call.meta.map { String(buffer: $0) } == #""a/b":2"#)
        }
    }

    @Test func gateCallUnderstandsArgumentsAsTextAndALoneToolName() async throws {
        let services = FakeServices()
        try await FrontEndRig.with(services) { rig in
            _ = try await GatewayToolTests.call(rig, "gate_call", #"{"tool":"search","arguments":" {\"q\": 1}"}"#)
            _ = try await GatewayToolTests.call(rig, "gate_call", #"{"tool":"search","server":"","arguments":""}"#)
            #expect(services.calls.all.map { $0.arguments.map { String(buffer: $0) } } == [#"{"q": 1}"#, nil])
        }
    }

    @Test func gateCallTellsWhatIsWrong() async throws {
        let services = FakeServices()
        try await FrontEndRig.with(services) { rig in
            for (arguments, code) in [
                (#"{}"#, "INVALID_PARAMS"), (#"{"server":"web","tool":"none"}"#, "TOOL_NOT_FOUND"),
                (#"{"server":"web","tool":"search","arguments":[1]}"#, "INVALID_PARAMS"),
                (#"{"server":"web","tool":"search","arguments":"{"}"#, "INVALID_PARAMS"),
            ] {
                let result = try await GatewayToolTests.call(rig, "gate_call", arguments)
                #expect(result["isError"] == true)
                #expect(GatewayToolTests.text(result).hasPrefix(code + ": "))
            }
            let hidden = try await GatewayToolTests.call(
                rig, "gate_call", #"{"server":"db","tool":"query"}"#, path: "/mcp/web")
            #expect(GatewayToolTests.text(hidden).hasPrefix("TOOL_NOT_FOUND"))
            #expect(services.calls.all.isEmpty)
        }
    }

    @Test func gateDiscoverReturnsReadyArguments() async throws {
        try await FrontEndRig.with { rig in
            let result = try await GatewayToolTests.call(rig, "gate_discover", #"{"query":"search"}"#)
            let found = try JSONValue(parsing: GatewayToolTests.text(result))["tools"]?.arrayValue
            #expect(found?.count == 1)
            #expect(
                found?.first?.text
                    == #"{"server":"web","tool":"search","name":"search","description":"Finds pages.","gate_call":{"server":"web","tool":"search","arguments":{"q":"<string, required> Words.","n":"<integer>"}}}"#
            )
            let all = try await GatewayToolTests.call(rig, "gate_discover", #"{"limit":1}"#)
            #expect(try JSONValue(parsing: GatewayToolTests.text(all))["tools"]?.arrayValue?.count == 1)
            let none = try await GatewayToolTests.call(rig, "gate_discover", #"{"query":"zzz"}"#)
            #expect(
                GatewayToolTests.text(none)
                    == "No tool fits 'zzz'. Try other words, or none to see all tools. Servers: db, web")
        }
    }

    @Test func gateStatusTellsOfServersThatAreSeen() async throws {
        try await FrontEndRig.with { rig in
            let all = try JSONValue(
                parsing: GatewayToolTests.text(try await GatewayToolTests.call(rig, "gate_status", "{}")))
            #expect(all["servers"]?.arrayValue?.compactMap { $0["name"]?.stringValue } == ["db", "web"])
            #expect(all["gateway"]?["status"] == "ok")
            let one = try await GatewayToolTests.call(rig, "gate_status", #"{"server":"db"}"#)
            #expect(try JSONValue(parsing: GatewayToolTests.text(one))["servers"]?.arrayValue?.count == 1)
            let hidden = try await GatewayToolTests.call(rig, "gate_status", #"{"server":"db"}"#, path: "/mcp/web")
            #expect(hidden["isError"] == true)
            #expect(GatewayToolTests.text(hidden).hasPrefix("SERVER_NOT_FOUND: There is no server 'db'. Servers: web"))
        }
    }

    @Test func anEndpointOfNoServerIsNotFound() async throws {
        try await FrontEndRig.with { rig in
            let initialize = request("initialize", #""protocolVersion":"2025-11-25","capabilities":{}"#)
            let reply = try await rig.post(initialize, path: "/mcp/wbe")
            #expect(reply.status == 404)
            #expect(try reply.json["error"]?["message"]?.stringValue?.contains("'wbe'") == true)
            let probe = try await rig.post(
                FrontEndRig.modern("server/discover"), FrontEndRig.modernHeaders("server/discover"), path: "/mcp/wbe")
            #expect(probe.status == 404)
        }
    }
}
