import GateProtocol
import GateTestKit
import Testing

/// `GET /events` and `gatecall events` over a running gateway.
@Suite(.timeLimit(.minutes(2)))
struct EventTests {
    private func json(_ event: ServerSentEvent) throws -> JSONValue { try JSONValue(parsing: event.data) }

    @Test func everyTransitionIsAnEvent() async throws {
        let server = try await FakeMCP.http(["--evil", "http-close"])
        let gateway = try await GatewayProcess.start(
            Backends.fake("well") + Backends.http("failing", "http://127.0.0.1:\(server.httpPort)/mcp")
                + "circuit_breaker = { failure_threshold = 1, reset_timeout = 600 }\n")
        try await gateway.running(["well", "failing"])
        let stream = try await EventStream.open("GET", port: gateway.port, "/events?after=0")
        let narrow = try await EventStream.open("GET", port: gateway.port, "/events?servers=well")
        #expect(stream.head["Content-Type"] == "text/event-stream")

        _ = try await gateway.call("failing", "add", ["a": 1, "b": 2])
        let opened = try json(try await stream.events.first { $0.event == "circuit" }.element)
        #expect(opened["server"] == "failing")
        #expect(opened["from"] == "closed")
        #expect(opened["to"] == "open")
        #expect((opened["time_ms"]?.intValue ?? 0) > 1_700_000_000_000)
        _ = try await gateway.admin("POST", "/server/restart", json: #"{"name":"failing"}"#)
        _ = try await stream.events.first { $0.event == "circuit" && $0.data.contains(#""to":"closed""#) }
        _ = try await gateway.admin("POST", "/server/stop", json: #"{"name":"well"}"#)
        _ = try await stream.events.first { $0.event == "server" && $0.data.contains(#""to":"stopped""#) }
        let add: JSONValue = ["name": "late", "command": .string(try Products.path("fakemcp")), "args": []]
        #expect(try await gateway.admin("POST", "/server/add", json: add.text).status == 201)
        _ = try await stream.events.first { $0.event == "server_added" && $0.data.contains("late") }
        _ = try await stream.events.first { $0.event == "catalog" && $0.data.contains("late") }
        #expect(try await gateway.admin("POST", "/server/remove", json: #"{"name":"late"}"#).status == 200)
        _ = try await stream.events.first { $0.event == "server_removed" }

        let all = try stream.events.all.filter { $0.id != nil }.map { try json($0)["sequence"]?.intValue ?? 0 }
        #expect(all == Array(1...all.count), "none is missing, none is out of order")
        let seen = narrow.events.all.filter { $0.id != nil }
        #expect(try seen.allSatisfy { try json($0)["server"] == "well" })
        #expect(!seen.isEmpty)

        // Who comes back gets what was missed, in either way of saying where it was.
        let middle = all.count / 2
        for (path, headers) in [("/events?after=\(middle)", [:]), ("/events", ["Last-Event-ID": "\(middle)"])] {
            let again = try await EventStream.open("GET", port: gateway.port, path, headers: headers)
            let first = try await again.events.first { $0.id != nil }.element
            #expect(first.id == "\(middle + 1)")
            again.close()
        }
        let polled = try await gateway.json("/events?format=json&after=2")
        #expect(polled["events"]?.arrayValue?.first?["sequence"] == 3)
        #expect((polled["last"]?.intValue ?? 0) >= all.count)
        for bad in ["format=xml", "after=-1", "after=x", "format=json&limit=0"] {
            #expect(try await gateway.get("/events?\(bad)").status == 400, "\(bad)")
        }

        let shown = try await Program.run(
            Products.path("gatecall"), ["events", "--url", gateway.baseURL, "--limit", "1000"])
        #expect(shown.exit == .code(0))
        #expect(shown.output.contains("circuit closed → open"))
        let raw = try await Program.run(Products.path("gatecall"), ["events", "--json", "--url", gateway.baseURL])
        #expect(try JSONValue(parsing: raw.output)["events"]?.arrayValue?.isEmpty == false)

        // The end of the gateway is the stream's last event.
        async let ending = gateway.stop()
        let last = try await stream.events.first { $0.event == "end" }.element
        #expect(last.data == #"{"reason":"draining"}"#)
        #expect(try await ending == .code(0))
    }
}
