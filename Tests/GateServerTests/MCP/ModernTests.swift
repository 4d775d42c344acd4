import GateHTTP
import GateProtocol
import GateServer
import GateTestKit
import Testing

struct ModernTests {
    @Test func discoverPromisesWhatIsServed() async throws {
        try await FrontEndRig.with { rig in
            let reply = try await rig.modern("server/discover", id: #""server-discover-probe-1""#)
            #expect(reply.status == 200)
            #expect(reply["Mcp-Session-Id"] == nil)
            let json = try reply.json
            #expect(json["id"] == "server-discover-probe-1")
            let result = try #require(json["result"])
            #expect(result["resultType"] == "complete")
            #expect(result["ttlMs"]?.intValue == 60000)
            #expect(result["cacheScope"] == "private")
            #expect(result["supportedVersions"]?.text == #"["2026-07-28"]"#)
            #expect(result["capabilities"]?["tools"]?.text == #"{"listChanged":true}"#)
            #expect(result["_meta"]?["io.modelcontextprotocol/serverInfo"]?["name"] == "stonegate")
        }
    }

    @Test func theListIsWholeAndCarriesTheCachingFields() async throws {
        try await FrontEndRig.with { rig in
            let result = try #require(try await rig.modern("tools/list").json["result"])
            #expect(result["resultType"] == "complete")
            #expect(result["ttlMs"]?.intValue == 0)
            #expect(result["cacheScope"] == "private")
            #expect(
                result["tools"]?.arrayValue?.compactMap { $0["name"]?.stringValue }
                    == [
                        "search", "query", "gate_discover", "gate_call", "gate_status",
                        "gate_call_async", "gate_poll", "gate_await", "gate_cancel", "gate_calls",
                    ])
        }
    }

    private struct Refusal: Sendable {
        var name: String
        var body: String
        var headers: [String: String]
        var status: Int
        var code: Int
    }

    private static let refusals: [Refusal] = {
        let call = FrontEndRig.modern("tools/call", #""name":"search""#)
        let list = FrontEndRig.modern("tools/list")
        let good = FrontEndRig.modernHeaders("tools/list")
        return [
            .init(
                name: "no envelope", body: request("tools/list", #""_meta":{}"#), headers: good, status: 400,
                code: -32602),
            .init(
                name: "no capabilities",
                body: request("tools/list", #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#),
                headers: good, status: 400, code: -32602),
            .init(name: "no headers", body: list, headers: [:], status: 400, code: -32020),
            .init(
                name: "other version in the header", body: list,
                headers: good.merging(["MCP-Protocol-Version": "2025-11-25"]) { $1 }, status: 400, code: -32020),
            .init(
                name: "other method", body: list, headers: FrontEndRig.modernHeaders("tools/call"), status: 400,
                code: -32020),
            .init(
                name: "method in upper case", body: list, headers: FrontEndRig.modernHeaders("TOOLS/LIST"),
                status: 400, code: -32020),
            .init(
                name: "no name", body: call, headers: FrontEndRig.modernHeaders("tools/call"), status: 400,
                code: -32020),
            .init(
                name: "other name", body: call, headers: FrontEndRig.modernHeaders("tools/call", name: "query"),
                status: 400, code: -32020),
            .init(
                name: "broken base64", body: call,
                headers: FrontEndRig.modernHeaders("tools/call", name: "=?base64?c2Vhcm?="), status: 400,
                code: -32020),
            .init(
                name: "unknown version", body: FrontEndRig.modern("tools/list", version: "2031-01-01"),
                headers: good.merging(["MCP-Protocol-Version": "2031-01-01"]) { $1 }, status: 400, code: -32022),
            .init(
                name: "unknown method", body: FrontEndRig.modern("nonsense"),
                headers: FrontEndRig.modernHeaders("nonsense"), status: 404, code: -32601),
            .init(
                name: "a session header does not change the era", body: list, headers: ["Mcp-Session-Id": "x"],
                status: 400, code: -32020),
        ]
            + ["initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"].map {
                .init(
                    name: $0, body: FrontEndRig.modern($0), headers: FrontEndRig.modernHeaders($0), status: 404,
                    code: -32601)
            }
    }()

    @Test func everyRefusalHasItsCode() async throws {
        let services = FakeServices()
        try await FrontEndRig.with(services) { rig in
            for refusal in ModernTests.refusals {
                let reply = try await rig.post(refusal.body, refusal.headers)
                #expect(reply.status == refusal.status, "\(refusal.name)")
                #expect(try reply.json["error"]?["code"]?.intValue == refusal.code, "\(refusal.name)")
                #expect(try reply.json["id"]?.text == "1", "\(refusal.name)")
            }
        }
        #expect(services.calls.all.isEmpty)
    }

    @Test func aVersionRefusalOffersTheHandshake() async throws {
        try await FrontEndRig.with { rig in
            let reply = try await rig.post(
                FrontEndRig.modern("server/discover", version: "2031-01-01"),
                ["MCP-Protocol-Version": "2031-01-01", "Mcp-Method": "server/discover"])
            let data = try #require(try reply.json["error"]?["data"])
            #expect(data["requested"] == "2031-01-01")
            #expect(
                data["supported"]?.text == #"["2026-07-28","2025-11-25","2025-06-18","2025-03-26","2024-11-05"]"#)
        }
    }

    @Test func headerNamesAndBlanksDoNotMatterAndNamesMayBeWrapped() async throws {
        let tool = FakeServices.Tool(server: "web", name: "naïve", definition: #"{"name":"naïve"}"#)
        try await FrontEndRig.with(FakeServices(tools: [tool])) { rig in
            let reply = try await rig.post(
                FrontEndRig.modern("tools/call", #""name":"naïve""#),
                [
                    "mcp-PROTOCOL-version": "  2026-07-28  ", "MCP-METHOD": "tools/call",
                    "mcp-name": "=?base64?bmHDr3Zl?=",
                ])
            #expect(reply.status == 200)
            #expect(try reply.json["result"]?["resultType"] == "complete")
        }
    }

    @Test func aSubscriptionIsAcknowledgedToldAndEnded() async throws {
        let services = FakeServices()
        try await FrontEndRig.with(services) { rig in
            let filter = #""notifications":{"toolsListChanged":true,"promptsListChanged":true}"#
            let headers = FrontEndRig.modernHeaders("subscriptions/listen")
            let text = try await rig.stream(
                FrontEndRig.modern("subscriptions/listen", id: #""1""#, filter), headers)
            let number = try await rig.stream(FrontEndRig.modern("subscriptions/listen", id: "1", filter), headers)
            let nothing = try await rig.stream(
                FrontEndRig.modern("subscriptions/listen", id: "2", #""notifications":{}"#), headers)
            let key = "io.modelcontextprotocol/subscriptionId"
            for (stream, id) in [(text, "\"1\""), (number, "1")] {
                let ack = try JSONValue(parsing: try await stream.next().data)
                #expect(ack["method"] == "notifications/subscriptions/acknowledged")
                let granted = #"{"toolsListChanged":true,"promptsListChanged":true}"#
                #expect(ack["params"]?["notifications"]?.text == granted)
                #expect(ack["params"]?["_meta"]?[key]?.text == id)
            }
            #expect(
                try JSONValue(parsing: try await nothing.next().data)["params"]?["notifications"]?.text == "{}")
            services.set(tools: [])
            rig.frontEnd.keepAlive()
            for (stream, id) in [(text, "\"1\""), (number, "1")] {
                let notice = try JSONValue(parsing: try await stream.next().data)
                #expect(notice["method"] == "notifications/tools/list_changed")
                #expect(notice["params"]?["_meta"]?[key]?.text == id)
            }
            rig.frontEnd.shutdown()
            for (stream, id) in [(text, "\"1\""), (number, "1"), (nothing, "2")] {
                let end = try await stream.next()
                let last = try JSONValue(parsing: end.data)
                #expect(end.id == nil)
                #expect(last["id"]?.text == id)
                #expect(last["result"]?["resultType"] == "complete")
                #expect(last["result"]?["_meta"]?[key]?.text == id)
            }
        }
        #expect(services.watchers == 0)
    }

    @Test func aSubscriptionThatGoesIsForgotten() async throws {
        let services = FakeServices()
        try await FrontEndRig.with(services) { rig in
            let stream = try await rig.stream(
                FrontEndRig.modern("subscriptions/listen", #""notifications":{"toolsListChanged":true}"#),
                FrontEndRig.modernHeaders("subscriptions/listen"))
            _ = try await stream.next()
            #expect(rig.frontEnd.openStreams == 1)
            stream.close()
            await rig.server.stop(grace: .zero)
            #expect(rig.frontEnd.openStreams == 0)
            #expect(services.watchers == 0)
        }
    }
}
