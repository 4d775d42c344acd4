import GateBackend
import GateProtocol
import GateServer
import GateTestKit
import NIOCore
import Synchronization
import Testing

struct CallTests {
    private static let result =
        #"{ "content" : [{"type":"text","text":"é\u0041"}], "structuredContent":{"n":1.10,"big":12345678901234567890123}, "x":[1e5] }"#

    @Test(arguments: ["1", "\"1\"", "-7", "9007199254740993", "\"\\u0061\"", "\"\""])
    func idsArgumentsAndResultsKeepTheirBytes(id: String) async throws {
        let services = FakeServices { _ in CallTests.result }
        try await FrontEndRig.with(services) { rig in
            let arguments = #"{"q" : "\u00e9", "n":1.10,"big":123456789012345678901234567890 , "q2":1E+2}"#
            let params = #""name":"search","arguments":\#(arguments)"#
            let headers = try await rig.session()
            let legacy = try await rig.post(request("tools/call", id: id, params), headers)
            #expect(legacy.text == #"{"jsonrpc":"2.0","id":\#(id),"result":\#(CallTests.result)}"#)
            #expect(legacy["Content-Type"] == "application/json")
            let modern = try await rig.modern("tools/call", id: id, name: "search", params)
            #expect(
                modern.text
                    == #"{"jsonrpc":"2.0","id":\#(id),"result":{"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"stonegate","version":"\#(StonegateVersion.current)"}},"#
                    + CallTests.result.dropFirst() + "}")
            for call in services.calls.all {
                #expect(call.arguments.map { String(buffer: $0) } == arguments)
                #expect(call.target == ToolTarget(server: "web", tool: "search"))
            }
        }
    }

    @Test(arguments: ["1.0", "1e0", "null", "true", "[1]", "{}", "12345678901234567890123456789012345678901234567890"])
    func otherIdsAreRefused(id: String) async throws {
        let services = FakeServices()
        try await FrontEndRig.with(services) { rig in
            let reply = try await rig.post(
                request("tools/call", id: id, #""name":"search""#), try await rig.session())
            #expect(reply.status == 400)
            #expect(try reply.json["error"]?["code"]?.intValue == -32600)
            #expect(try reply.json["id"] == nil)
        }
        #expect(services.calls.all.isEmpty)
    }

    @Test(arguments: [
        ("", -32700), ("{", -32700), (#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}"#, -32700),
        ("\u{FEFF}{}", -32700), (#"{"jsonrpc":"2.0","id":1,"Method":"ping"}"#, -32600),
        (#"{"jsonrpc":"2.0","id":1,"method":"ping",}"#, -32700), (#"[{"jsonrpc":"2.0"}]"#, -32600),
        (#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#, -32600), (#""x""#, -32700),
        (String(repeating: "[", count: 510), -32700),
    ])
    func whatIsNotAMessageIsRefused(body: String, code: Int) async throws {
        try await FrontEndRig.with { rig in
            let reply = try await rig.post(body)
            #expect(reply.status == 400)
            #expect(try reply.json["error"]?["code"]?.intValue == code)
        }
    }

    @Test func theFormOfARequestIsChecked() async throws {
        try await FrontEndRig.with { rig in
            for type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
                #expect(try await rig.post(request("ping"), ["Content-Type": type]).status == 415)
            }
            #expect(
                try await HTTP.send("POST", port: rig.port, "/mcp", body: Array(request("ping").utf8)).status == 415)
            #expect(try await rig.post(request("ping"), ["Accept": "text/html"]).status == 406)
            let headers = try await rig.session()
            for accept in ["*/*", "application/*;q=0.9", "application/json"] {
                let good = ["Accept": accept, "Content-Type": "Application/JSON; charset=utf-8"]
                #expect(try await rig.post(request("ping"), headers.merging(good) { $1 }).status == 200)
            }
        }
    }

    @Test func metaOfTheConnectionStaysAndTheRestGoesOn() async throws {
        let services = FakeServices()
        try await FrontEndRig.with(services) { rig in
            let params =
                #""name":"search","_meta":{"progressToken":4,"traceparent":"00-a","io.modelcontextprotocol/logLevel":"debug","claudecode/toolUseId":{"a": 1}}"#
            _ = try await rig.post(request("tools/call", params), try await rig.session())
            _ = try await rig.modern("tools/call", name: "search", #""name":"search""#)
            let metas = services.calls.all.map { $0.meta.map { String(buffer: $0) } }
            #expect(metas == [#""traceparent":"00-a","claudecode/toolUseId":{"a": 1}"#, nil])
        }
    }

    @Test func agentsAndTimeoutsComeFromHeaders() async throws {
        let services = FakeServices()
        try await FrontEndRig.with(services) { rig in
            let headers = try await rig.session(client: "from-info")
            let call = request("tools/call", #""name":"search""#)
            _ = try await rig.post(call, headers)
            _ = try await rig.post(
                call, headers.merging(["X-Stonegate-Agent": "hr-1", "X-Stonegate-Timeout": "1500"]) { $1 })
            _ = try await rig.post(
                call,
                headers.merging([
                    "X-Stonegate-Agent": String(repeating: "é", count: 90), "X-Stonegate-Timeout": "999999999",
                ]) { $1 })
            _ = try await rig.modern("tools/call", name: "search", #""name":"search""#)
            let calls = services.calls.all
            #expect(calls.map(\.caller.agent) == ["from-info", "hr-1", String(repeating: "?", count: 64), "modern"])
            #expect(calls.map(\.timeout) == [nil, .milliseconds(1500), .seconds(300), nil])
            for bad in ["0", "-1", "1.5", "soon", "99999999999999999999"] {
                let reply = try await rig.post(call, headers.merging(["X-Stonegate-Timeout": bad]) { $1 })
                #expect(try reply.json["error"]?["code"]?.intValue == -32602)
            }
            #expect(services.calls.all.count == 4)
        }
    }

    @Test func badParamsAreProtocolErrors() async throws {
        try await FrontEndRig.with { rig in
            let headers = try await rig.session()
            for params in [
                #""name":"nothing""#, #""arguments":{}"#, #""name":5"#, #""name":"search","arguments":[1]"#,
                #""name":"search","arguments":"{}""#,
            ] {
                let reply = try await rig.post(request("tools/call", params), headers)
                #expect(reply.status == 200)
                #expect(try reply.json["error"]?["code"]?.intValue == -32602)
            }
            let page = try await rig.post(request("tools/list", #""cursor":"2""#), headers)
            #expect(try page.json["error"]?["code"]?.intValue == -32602)
            let null = try await rig.post(request("tools/call", #""name":"search","arguments":null"#), headers)
            #expect(try null.json["result"] != nil)
        }
    }

    @Test(arguments: ["legacy", "modern"])
    func aMisfortuneIsAResultThatTellsItself(era: String) async throws {
        let services = FakeServices { _ throws(GateError) in
            throw GateError(
                .circuitOpen, "Circuit open for server 'web' — backend is failing", source: .backend, server: "web",
                tool: "search", retryAfter: 27, correlationID: "k-9")
        }
        try await FrontEndRig.with(services) { rig in
            let reply =
                era == "modern"
                ? try await rig.modern("tools/call", name: "search", #""name":"search""#)
                : try await rig.post(request("tools/call", #""name":"search""#), try await rig.session())
            #expect(reply.status == 200)
            let result = try #require(try reply.json["result"])
            #expect(result["isError"] == true)
            #expect(result["resultType"]?.stringValue == (era == "modern" ? "complete" : nil))
            let text = try #require(result["content"]?.arrayValue?.first?["text"]?.stringValue)
            #expect(
                text == "CIRCUIT_OPEN: Circuit open for server 'web' — backend is failing. (tool 'search') "
                    + "Nothing was executed; retry in 27 s. Other servers are unaffected. [k-9]")
            #expect(
                result["structuredContent"]?.text
                    == #"{"code":"CIRCUIT_OPEN","message":"Circuit open for server 'web' — backend is failing","server":"web","tool":"search","sent":false,"retryable":true,"retry_after":27,"correlation_id":"k-9"}"#
            )
        }
    }

    @Test(arguments: [-32602, -32601, -32603, -32000, 5])
    func errorsOfBackendsAreRelayedOrTold(code: Int) async throws {
        let detail = #"{"code":\#(code),"message":"no such thing","data":{"x":1.0}}"#
        let services = FakeServices { _ throws(GateError) in
            throw GateError(
                .backendError, "Server 'web' refused the call: no such thing", source: .backend, server: "web",
                sent: true, detail: Array(detail.utf8))
        }
        try await FrontEndRig.with(services) { rig in
            let reply = try await rig.post(request("tools/call", #""name":"search""#), try await rig.session())
            #expect(reply.status == 200)
            if code == -32602 || code == -32601 {
                #expect(reply.text == #"{"jsonrpc":"2.0","id":1,"error":\#(detail)}"#)
            } else {
                let result = try #require(try reply.json["result"])
                #expect(result["isError"] == true)
                #expect(result["content"]?.text.contains("no such thing") == true)
            }
        }
    }

    @Test func drainingRefusesCallsAndStillLists() async throws {
        let services = FakeServices()
        try await FrontEndRig.with(services) { rig in
            let headers = try await rig.session()
            services.drain()
            for name in ["search", "gate_call", "gate_status"] {
                let reply = try await rig.post(request("tools/call", #""name":"\#(name)""#), headers)
                #expect(reply.status == 200)
                #expect(try reply.json["result"]?["structuredContent"]?["code"] == "DRAINING")
            }
            #expect(try await rig.post(request("tools/list"), headers).status == 200)
            #expect(services.calls.all.isEmpty)
        }
    }

    @Test func olderRevisionsGetResultsTheyCanHold() async throws {
        let forms: [(String, String)] = [
            (
                #"{"resultType":"complete","content":[],"ttlMs":5,"isError":false,"cacheScope":"private"}"#,
                #"{"content":[],"isError":false}"#
            ),
            (
                #"{"content":[{"type":"text","text":"3"}],"structuredContent":[3]}"#,
                #"{"content":[{"type":"text","text":"3"}]}"#
            ),
            (
                #"{"resultType":"complete","structuredContent":"a\"b","content":[]}"#,
                #"{"content":[{"type":"text","text":"\"a\\\"b\""}]}"#
            ),
            (#"{"resultType":"complete"}"#, "{}"),
            (
                #"{"isError":true,"structuredContent":null,"content":[1], "_meta":{}}"#,
                #"{"isError":true,"content":[1], "_meta":{}}"#
            ),
        ]
        for (given, expected) in forms {
            try await FrontEndRig.with(FakeServices { _ in given }) { rig in
                let reply = try await rig.post(request("tools/call", #""name":"search""#), try await rig.session())
                #expect(reply.text == #"{"jsonrpc":"2.0","id":1,"result":\#(expected)}"#)
            }
        }
        try await FrontEndRig.with(FakeServices { _ in #"{"resultType":"input_required","requestState":"s"}"# }) {
            rig in
            let reply = try await rig.post(request("tools/call", #""name":"search""#), try await rig.session())
            #expect(try reply.json["result"]?["structuredContent"]?["code"] == "BACKEND_PROTOCOL_ERROR")
            let modern = try await rig.modern("tools/call", name: "search", #""name":"search""#)
            #expect(try modern.json["result"]?["resultType"] == "input_required")
        }
    }
}
