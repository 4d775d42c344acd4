import GateProtocol
import GateServer
import GateTestKit
import Testing

struct LegacySessionTests {
    @Test(arguments: [
        ("2025-11-25", "2025-11-25"), ("2025-06-18", "2025-06-18"), ("2025-03-26", "2025-03-26"),
        ("2024-11-05", "2024-11-05"), ("2026-07-28", "2025-11-25"), ("1999-01-01", "2025-11-25"),
    ])
    func initializeEchoesAKnownVersion(asked: String, given: String) async throws {
        try await FrontEndRig.with { rig in
            let reply = try await rig.post(
                request("initialize", id: "\"a\"", #""protocolVersion":"\#(asked)","capabilities":{}"#),
                // Some clients send the header with the handshake, even of the other era: the body decides.
                ["MCP-Protocol-Version": "2026-07-28"])
            #expect(reply.status == 200)
            let result = try #require(try reply.json["result"])
            #expect(result["protocolVersion"]?.stringValue == given)
            #expect(result["capabilities"]?["tools"]?.text == #"{"listChanged":true}"#)
            #expect(result["serverInfo"]?["name"]?.stringValue == "stonegate")
            #expect(try reply.json["id"] == "a")
            let session = try #require(reply["Mcp-Session-Id"])
            #expect(session.utf8.allSatisfy { (0x21...0x7E).contains($0) })
        }
    }

    @Test func aSessionOutlivesTheGateway() async throws {
        var headers: [String: String] = [:]
        try await FrontEndRig.with { headers = try await $0.session() }
        try await FrontEndRig.with { rig in
            let reply = try await rig.post(request("ping"), headers)
            #expect(reply.text == #"{"jsonrpc":"2.0","id":1,"result":{}}"#)
        }
        try await FrontEndRig.with(key: [UInt8](repeating: 8, count: 32)) { rig in
            let reply = try await rig.post(request("ping"), headers)
            #expect(reply.status == 404)
        }
    }

    @Test func anEndedOrUnknownSessionIsTerminated() async throws {
        try await FrontEndRig.with { rig in
            let headers = try await rig.session()
            let stream = try await rig.get(headers)
            let ended = try await HTTP.send("DELETE", port: rig.port, "/mcp", headers: headers)
            #expect(ended.status == 200)
            let reply = try await rig.post(request("tools/list", id: "5"), headers)
            #expect(reply.status == 404)
            #expect(
                reply.text
                    == #"{"jsonrpc":"2.0","id":5,"error":{"code":-32600,"message":"Session terminated"}}"#)
            #expect(try await HTTP.send("DELETE", port: rig.port, "/mcp", headers: headers).status == 404)
            #expect(try await rig.get(headers).head.status == 404)
            await #expect(throws: (any Error).self) { try await stream.next(within: .seconds(5)) }
            #expect(rig.frontEnd.openStreams == 0)
            var changed = headers
            changed["Mcp-Session-Id"] = headers["Mcp-Session-Id"].map { "A" + $0.dropFirst() }
            if changed == headers { changed["Mcp-Session-Id"] = headers["Mcp-Session-Id"].map { "B" + $0.dropFirst() } }
            #expect(try await rig.post(request("ping"), changed).status == 404)
        }
    }

    @Test func aRequestNeedsItsSessionAndAKnownVersion() async throws {
        try await FrontEndRig.with { rig in
            let missing = try await rig.post(request("tools/list"))
            #expect(missing.status == 400)
            #expect(try missing.json["error"]?["code"]?.intValue == -32600)
            var headers = try await rig.session()
            headers["MCP-Protocol-Version"] = "2031-01-01"
            #expect(try await rig.post(request("ping"), headers).status == 400)
            headers["MCP-Protocol-Version"] = nil
            #expect(try await rig.post(request("ping"), headers).status == 200)
        }
    }

    @Test func noticesAndAnswersAreAccepted() async throws {
        try await FrontEndRig.with { rig in
            let headers = try await rig.session()
            for body in [
                #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
                #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":99}}"#,
                #"{"jsonrpc":"2.0","id":0,"result":{}}"#,
            ] {
                let reply = try await rig.post(body, headers)
                #expect(reply.status == 202)
                #expect(reply.body.isEmpty)
            }
        }
    }

    @Test func whatIsNotAdvertisedIsNotFound() async throws {
        try await FrontEndRig.with { rig in
            let headers = try await rig.session()
            for method in ["resources/list", "prompts/list", "completion/complete", "nonsense"] {
                let reply = try await rig.post(request(method), headers)
                #expect(reply.status == 200)
                #expect(try reply.json["error"]?["code"]?.intValue == -32601)
            }
        }
    }

    @Test func batchesAreForTheirRevisionOnly() async throws {
        try await FrontEndRig.with { rig in
            let batch = """
                [\(request("ping", id: "\"p\"")),{"jsonrpc":"2.0","method":"notifications/initialized"},\
                \(request("tools/call", id: "2", #""name":"search","arguments":{"q":"x"}"#)),\
                \(request("initialize", id: "3", #""protocolVersion":"2025-03-26""#)),{"jsonrpc":"1.0"}]
                """
            let headers = try await rig.session("2025-03-26")
            let reply = try await rig.post(batch, headers)
            #expect(reply.status == 200)
            let answers = try #require(try reply.json.arrayValue)
            #expect(answers.map { $0["id"]?.text } == ["\"p\"", "2", "3", nil])
            #expect(answers[1]["result"]?["content"] != nil)
            #expect(answers[2]["error"]?["code"]?.intValue == -32600)
            #expect(answers[3]["error"]?["code"]?.intValue == -32600)
            let quiet = try await rig.post(
                #"[{"jsonrpc":"2.0","method":"notifications/initialized"}]"#, headers)
            #expect(quiet.status == 202)
            #expect(try await rig.post("[]", headers).status == 400)
            #expect(try await rig.post(batch, try await rig.session("2025-11-25")).status == 400)
            let alone = try await rig.post(batch)
            #expect(alone.status == 400)
            #expect(try alone.json["error"]?["code"]?.intValue == -32600)
        }
    }

    @Test func changesReachTheStreamsOfThoseWhoSeeThem() async throws {
        let services = FakeServices()
        try await FrontEndRig.with(services) { rig in
            let headers = try await rig.session()
            let stream = try await rig.get(headers)
            #expect(stream.head.status == 200)
            #expect(stream.head["Content-Type"] == "text/event-stream")
            #expect(stream.head["X-Accel-Buffering"] == "no")
            #expect(services.watchers == 1)
            let second = try await rig.get(headers)
            #expect(services.watchers == 1)
            // A message goes on one of them only, the newer.
            services.set(tools: [])
            #expect(
                try await second.next().data == #"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#)
            rig.frontEnd.shutdown()
            await #expect(throws: (any Error).self) { try await stream.next(within: .seconds(5)) }
            #expect(services.watchers == 0)
        }
    }

    @Test func streamsAreBounded() async throws {
        var options = MCPOptions()
        options.maxStreams = 3
        options.maxStreamsPerSession = 2
        try await FrontEndRig.with(options: options) { rig in
            let headers = try await rig.session()
            let first = try await rig.get(headers)
            let second = try await rig.get(headers)
            let third = try await rig.get(headers)
            // The oldest of the session has made room.
            await #expect(throws: (any Error).self) { try await first.next(within: .seconds(5)) }
            let other = try await rig.get(try await rig.session())
            #expect(other.head.status == 200)
            #expect(rig.frontEnd.openStreams == 3)
            let refused = try await rig.get(try await rig.session())
            #expect(refused.head.status == 503)
            withExtendedLifetime((second, third, other)) {}
        }
    }

    @Test func aGetIsRefusedUnlessItIsForASessionsStream() async throws {
        try await FrontEndRig.with { rig in
            let headers = try await rig.session()
            for (method, headers) in [
                ("GET", ["Accept": "text/event-stream"]), ("GET", headers.merging(["Accept": "*/*"]) { $1 }),
                ("GET", ["Accept": "text/html"]), ("HEAD", headers.merging(["Accept": "text/event-stream"]) { $1 }),
                ("PUT", headers), ("DELETE", [:]), ("GET", ["MCP-Protocol-Version": "2026-07-28"]),
            ] {
                let reply = try await HTTP.send(method, port: rig.port, "/", headers: headers)
                #expect(reply.status == 405)
                #expect(reply["Allow"] == "POST, GET, DELETE")
            }
        }
    }
}
