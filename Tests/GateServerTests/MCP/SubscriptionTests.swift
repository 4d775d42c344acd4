import GateProtocol
import GateServer
import GateTestKit
import Testing

/// What streams are told of beside lists of tools, and what bounds them.
struct SubscriptionTests {
    private static func listen(
        _ rig: FrontEndRig, _ filter: String, id: String = "1", agent: String? = nil, path: String = "/mcp"
    ) async throws -> EventStream {
        var headers = FrontEndRig.modernHeaders("subscriptions/listen")
        headers["X-Stonegate-Agent"] = agent
        return try await rig.stream(
            FrontEndRig.modern("subscriptions/listen", id: id, #""notifications":\#(filter)"#), headers, path: path)
    }

    private static func granted(_ stream: EventStream) async throws -> String? {
        let ack = try JSONValue(parsing: try await stream.next().data)
        #expect(ack["method"] == "notifications/subscriptions/acknowledged")
        return ack["params"]?["notifications"]?.text
    }

    @Test func eachIsToldOfItsKindsAndOfNothingElse() async throws {
        let services = FakeServices()
        try await FrontEndRig.with(services) { rig in
            let tools = try await SubscriptionTests.listen(rig, #"{"toolsListChanged":true}"#)
            let rest = try await SubscriptionTests.listen(
                rig, #"{"promptsListChanged":true,"resourcesListChanged":true,"toolsListChanged":false,"new":true}"#)
            #expect(try await SubscriptionTests.granted(tools) == #"{"toolsListChanged":true}"#)
            #expect(
                try await SubscriptionTests.granted(rest)
                    == #"{"promptsListChanged":true,"resourcesListChanged":true}"#)
            let session = try await rig.get(try await rig.session())
            services.tell(.prompts)
            services.tell([.tools, .resources])
            #expect(try await tools.next().data.contains("tools/list_changed"))
            #expect(try await rest.next().data.contains("prompts/list_changed"))
            #expect(try await rest.next().data.contains("resources/list_changed"))
            for name in ["prompts", "tools", "resources"] {
                #expect(
                    try await session.next().data
                        == #"{"jsonrpc":"2.0","method":"notifications/\#(name)/list_changed"}"#)
            }
            #expect(tools.events.all.count == 2)
        }
    }

    @Test func resourcesAreFollowedBySubscriptions() async throws {
        let services = FakeServices()
        try await FrontEndRig.with(services) { rig in
            let stream = try await SubscriptionTests.listen(
                rig, #"{"resourceSubscriptions":["test://b","nope://x","test://a","test://b",7]}"#, id: "\"s\"")
            // What cannot be followed is not in the acknowledgement.
            #expect(
                try await SubscriptionTests.granted(stream) == #"{"resourceSubscriptions":["test://b","test://a"]}"#)
            #expect(services.watched.followers == ["test://a": 1, "test://b": 1])
            services.watched.update("test://a")
            #expect(
                try await stream.next().data
                    == #"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"test://a","_meta":{"io.modelcontextprotocol/subscriptionId":"s"}}}"#
            )
            stream.close()
            try await rig.untilStreams(0)
            #expect(services.watched.followers.isEmpty)
        }
    }

    @Test func resourcesAreFollowedBySessions() async throws {
        let services = FakeServices()
        var options = MCPOptions()
        options.maxResourcesPerSubscription = 2
        try await FrontEndRig.with(services, options: options) { rig in
            let headers = try await rig.session()
            let stream = try await rig.get(headers)
            let done = #"{"jsonrpc":"2.0","id":1,"result":{}}"#
            for uri in ["test://a", "test://a", "test://b"] {
                #expect(try await rig.post(request("resources/subscribe", #""uri":"\#(uri)""#), headers).text == done)
            }
            #expect(services.watched.followers == ["test://a": 1, "test://b": 1])
            for uri in ["test://c", "nope://x"] {
                let refused = try await rig.post(request("resources/subscribe", #""uri":"\#(uri)""#), headers)
                #expect(try refused.json["error"]?["code"]?.intValue == -32602)
            }
            let missing = try await rig.post(request("resources/subscribe"), headers)
            #expect(try missing.json["error"]?["code"]?.intValue == -32602)
            services.watched.update("test://b")
            let notice = #"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"test://b"}}"#
            #expect(try await stream.next().data == notice)
            #expect(try await rig.post(request("resources/unsubscribe", #""uri":"test://b""#), headers).text == done)
            #expect(services.watched.followers == ["test://a": 1])
            #expect(try await HTTP.send("DELETE", port: rig.port, "/mcp", headers: headers).status == 200)
            #expect(services.watched.followers.isEmpty)
        }
    }

    @Test func anEndpointCanBeQuiet() async throws {
        let services = FakeServices()
        var options = MCPOptions()
        try await FrontEndRig.with(services, options: options) { rig in
            let quiet = try await rig.get(try await rig.session(), path: "/mcp?list_changed=off")
            #expect(quiet.head.status == 200)
            let filter = #"{"toolsListChanged":true,"resourceSubscriptions":["test://a"]}"#
            let stream = try await SubscriptionTests.listen(rig, filter, path: "/mcp?list_changed=off")
            #expect(try await SubscriptionTests.granted(stream) == #"{"resourceSubscriptions":["test://a"]}"#)
            #expect(services.watchers == 0)
        }
        options.announcesChanges = false
        try await FrontEndRig.with(services, options: options) { rig in
            _ = try await rig.get(try await rig.session())
            #expect(services.watchers == 0)
            let loud = try await rig.get(try await rig.session(), path: "/mcp?list_changed=on")
            #expect(services.watchers == 1)
            loud.close()
        }
    }

    @Test func anAgentHasAShareOfTheStreams() async throws {
        var options = MCPOptions()
        options.maxStreamsPerAgent = 2
        try await FrontEndRig.with(options: options) { rig in
            let streams = [
                try await SubscriptionTests.listen(rig, "{}", agent: "a"),
                try await SubscriptionTests.listen(rig, "{}", agent: "a"),
            ]
            for stream in streams { _ = try await SubscriptionTests.granted(stream) }
            let refused = try await SubscriptionTests.listen(rig, "{}", agent: "a")
            #expect(refused.head.status == 503)
            #expect(refused.head["Retry-After"] == "30")
            let other = try await SubscriptionTests.listen(rig, "{}", agent: "b")
            #expect(other.head.status == 200)
            streams[0].close()
            try await rig.untilStreams(2)
            #expect(try await SubscriptionTests.listen(rig, "{}", agent: "a").head.status == 200)
        }
    }

    @Test func whoReadsTooSlowlyIsToldWhyItEnds() async throws {
        let services = FakeServices()
        let uri = "test://" + String(repeating: "u", count: 100_000)
        try await FrontEndRig.with(services) { rig in
            let body = FrontEndRig.modern(
                "subscriptions/listen", id: "7", #""notifications":{"resourceSubscriptions":["\#(uri)"]}"#)
            let headers = FrontEndRig.modernHeaders("subscriptions/listen").merging([
                "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
            ]) { $1 }
            let last = try await offPool { () -> ServerSentEvent? in
                let connection = try HTTPConnection(port: rig.port, within: .seconds(60))
                try connection.send("POST", "/mcp", headers, Array(body.utf8))
                _ = try connection.head(of: "POST")
                _ = try connection.nextEvent()
                // Nothing is read while this is sent: more than the sockets and the queue take.
                for _ in 0..<400 { services.watched.update(uri) }
                var last: ServerSentEvent?
                while let event = try connection.nextEvent() { last = event }
                return last
            }
            let end = try JSONValue(parsing: try #require(last).data)
            #expect(end["id"]?.text == "7")
            #expect(end["result"]?["resultType"] == "complete")
            #expect(end["result"]?["_meta"]?["stonegate/reason"] == "slow_consumer")
            #expect(end["result"]?["_meta"]?["io.modelcontextprotocol/subscriptionId"]?.text == "7")
            rig.frontEnd.keepAlive()
            #expect(rig.frontEnd.openStreams == 0)
            #expect(services.watched.followers.isEmpty)
        }
    }
}
