import GateProtocol
import GateTestKit
import Testing

/// Asynchronous calls from end to end, over REST and through the gateway's own tools.
@Suite(.timeLimit(.minutes(3)))
struct AsyncSurfaceTests {
    private func gateway(
        config: String = "", _ body: (GatewayProcess, TemporaryDirectory) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        let gateway = try await GatewayProcess.start(
            config + Backends.fake("b", ["--ledger", directory.file("ledger")]))
        try await gateway.running(["b"])
        try await body(gateway, directory)
        try await gateway.stop()
    }

    private let one = ["X-Stonegate-Agent": "one"]
    private let two = ["X-Stonegate-Agent": "two"]

    private func submit(
        _ gateway: GatewayProcess, _ tool: String, _ arguments: String = "{}", more: String = ""
    ) async throws -> String {
        let reply = try await gateway.post(
            "/call/async", headers: one, json: #"{"server":"b","tool":"\#(tool)","arguments":\#(arguments)\#(more)}"#)
        #expect(reply.status == 202, "\(reply.text)")
        let body = try JSONValue(parsing: reply.body)
        let id = try #require(body["call_id"]?.stringValue)
        #expect(reply["Location"] == "/call/\(id)")
        #expect(body["submitted_at"]?.stringValue?.hasSuffix("Z") == true)
        return id
    }

    private func json(_ reply: HTTPReply) throws -> JSONValue { try JSONValue(parsing: reply.body) }

    // MARK: REST

    @Test func aCallIsStartedAndItsResultFetched() async throws {
        try await gateway { gateway, directory in
            let id = try await submit(gateway, "sleep", #"{"ms":200}"#)
            let waited = try json(try await gateway.get("/call/\(id)?wait_ms=20000", headers: one))
            #expect(waited["status"] == "complete")
            #expect(waited["result"]?["content"]?.arrayValue?.first?["text"] == "slept 200 ms")
            #expect((waited["duration_ms"]?.doubleValue ?? 0) >= 200)
            // Every time the same bytes.
            let first = try await gateway.get("/call/\(id)", headers: one)
            let second = try await gateway.get("/call/\(id)", headers: one)
            #expect(first.body == second.body)
            #expect((directory.read("ledger") ?? "").split(separator: "\n").count == 1)
        }
    }

    @Test func aCallIsItsAgentsAlone() async throws {
        try await gateway { gateway, _ in
            let id = try await submit(gateway, "echo", #"{"text":"secret"}"#)
            _ = try await gateway.get("/call/\(id)?wait_ms=20000", headers: one)
            let never = String(repeating: "0", count: 32)
            for (method, path) in [("GET", ""), ("DELETE", ""), ("GET", "/events")] {
                let foreign = try await HTTP.send(method, port: gateway.port, "/call/\(id)\(path)", headers: two)
                let unknown = try await HTTP.send(method, port: gateway.port, "/call/\(never)\(path)", headers: two)
                #expect(foreign.status == 404 && unknown.status == 404, "\(method) \(path)")
                func plain(_ reply: HTTPReply, _ id: String) -> String {
                    reply.text.replacing(id, with: "ID").replacing(/"correlation_id":"[^"]*"/, with: "")
                }
                #expect(plain(foreign, id) == plain(unknown, never))
            }
            #expect(try json(try await gateway.get("/calls", headers: two))["calls"] == [])
            #expect(try json(try await gateway.get("/calls", headers: one))["calls"]?.arrayValue?.count == 1)
        }
    }

    @Test func aCancelledCallIsCancelledAtItsServer() async throws {
        try await gateway { gateway, directory in
            let id = try await submit(gateway, "hang")
            try await gateway.carriedOut(1, directory)
            let reply = try await HTTP.send("DELETE", port: gateway.port, "/call/\(id)", headers: one)
            let body = try json(reply)
            #expect(reply.status == 200 && body["status"] == "cancelled")
            #expect(body["error"]?["sent"] == true)
            try await gateway.cancelledAtServer("hang")
            #expect(try json(try await HTTP.send("DELETE", port: gateway.port, "/call/\(id)", headers: one)) == body)
        }
    }

    @Test func callsAreListedInPagesNewestFirst() async throws {
        try await gateway { gateway, _ in
            var ids: [String] = []
            for _ in 0..<5 { ids.append(try await submit(gateway, "echo", #"{"text":"x"}"#)) }
            for id in ids { _ = try await gateway.get("/call/\(id)?wait_ms=20000", headers: one) }
            var seen: [String] = []
            var cursor = ""
            repeat {
                let page = try json(try await gateway.get("/calls?limit=2\(cursor)", headers: one))
                seen += page["calls"]?.arrayValue?.compactMap { $0["call_id"]?.stringValue } ?? []
                cursor = page["next_cursor"]?.stringValue.map { "&cursor=\($0)" } ?? ""
            } while !cursor.isEmpty
            #expect(seen == ids.reversed())
            let failed = try json(try await gateway.get("/calls?status=failed", headers: one))
            #expect(failed["calls"] == [])
            let elsewhere = try json(try await gateway.get("/calls?server=c", headers: one))
            #expect(elsewhere["calls"] == [])
            #expect(try await gateway.get("/calls?status=odd", headers: one).status == 400)
            #expect(try await gateway.get("/calls?cursor=%21", headers: one).status == 400)
        }
    }

    @Test func changesAreFollowedToTheEnd() async throws {
        try await gateway { gateway, _ in
            let id = try await submit(gateway, "progress", #"{"n":3,"ms":50}"#)
            let stream = try await EventStream.open("GET", port: gateway.port, "/call/\(id)/events", headers: one)
            var names: [String] = []
            var last = JSONValue.null
            while last["status"] != "complete" {
                let event = try await stream.next()
                names.append(event.event ?? "")
                last = try JSONValue(parsing: event.data)
                #expect(last["call_id"]?.stringValue == id)
            }
            #expect(names.first == "status" && names.last == "status")
            #expect(last["result"] == nil && (last["result_bytes"]?.intValue ?? 0) > 0)
            #expect(last["progress"]?["progress"] == 3)
        }
    }

    @Test func whoeverLeavesAWaitLeavesTheCall() async throws {
        try await gateway { gateway, directory in
            let id = try await submit(gateway, "sleep", #"{"ms":400}"#)
            let connection = try RawConnection(port: gateway.port)
            try connection.send(
                "GET /call/\(id)?wait_ms=20000 HTTP/1.1\r\nHost: 127.0.0.1:\(gateway.port)\r\nX-Stonegate-Agent: one\r\n\r\n"
            )
            try await gateway.carriedOut(1, directory)
            connection.close()
            let waited = try json(try await gateway.get("/call/\(id)?wait_ms=20000", headers: one))
            #expect(waited["status"] == "complete")
        }
    }

    @Test func badRequestsAreRefusedInWords() async throws {
        try await gateway { gateway, directory in
            for (body, code, word) in [
                (#"{"server":"b"}"#, "BAD_REQUEST", "tool"),
                (#"{"server":"b","tool":"nope"}"#, "TOOL_NOT_FOUND", "nope"),
                (#"{"server":"b","tool":"echo","odd":1}"#, "BAD_REQUEST", "callback_url"),
                (
                    #"{"server":"b","tool":"echo","callback_url":"https://x.example/"}"#, "INVALID_PARAMS",
                    "callback_hosts"
                ),
            ] {
                let reply = try await gateway.post("/call/async", headers: one, json: body)
                let error = try json(reply)
                #expect(error["code"]?.stringValue == code && error["sent"] == false, "\(reply.text)")
                #expect(error["error"]?.stringValue?.contains(word) == true, "\(reply.text)")
            }
            #expect(try await gateway.get("/call/xyz", headers: one).status == 404)
            #expect((directory.read("ledger") ?? "").isEmpty)
        }
    }

    // MARK: The gateway's tools

    @Test(arguments: ["2025-11-25", "2026-07-28"])
    func agentsStartPollAwaitCancelAndList(version: String) async throws {
        try await gateway { gateway, _ in
            let agent =
                version == MCPMessage.modern ? Agent.modern(gateway) : try await Agent.legacy(gateway, version: version)
            func tool(_ name: String, _ arguments: JSONValue) async throws -> JSONValue {
                let answer = try await agent.ask("tools/call", ["name": .string(name), "arguments": arguments])
                let result = try #require(answer["result"], "\(answer.text)")
                let structured = try #require(result["structuredContent"], "\(result.text)")
                if result["isError"] != true {
                    let text = try #require(result["content"]?.arrayValue?.first?["text"]?.stringValue)
                    #expect(try JSONValue(parsing: Array(text.utf8)) == structured)
                }
                return structured
            }
            let started = try await tool(
                "gate_call_async", ["server": "b", "tool": "sleep", "arguments": ["ms": 150]])
            let id = try #require(started["call_id"])
            let soon = try await tool("gate_await", ["call_id": id, "timeout_ms": 1])
            #expect(soon["call_id"] == id)
            let ended = try await tool("gate_await", ["call_id": id])
            #expect(ended["status"] == "complete")
            #expect(ended["result"]?["content"]?.arrayValue?.first?["text"] == "slept 150 ms")
            #expect(try await tool("gate_poll", ["call_id": id]) == ended)
            let hung = try await tool("gate_call_async", ["server": "b", "tool": "hang"])
            let cancelled = try await tool("gate_cancel", ["call_id": hung["call_id"] ?? .null])
            #expect(cancelled["status"] == "cancelled")
            let listed = try await tool("gate_calls", [:])
            #expect(listed["calls"]?.arrayValue?.map { $0["status"] } == ["cancelled", "complete"])
            let unknown = try await tool("gate_poll", ["call_id": "nope"])
            #expect(unknown["code"] == "CALL_NOT_FOUND")
            #expect(try await tool("gate_poll", [:])["code"] == "INVALID_PARAMS")
        }
    }

    /// What the agent started over REST is its task, and the other way round.
    @Test func tasksAndCallsAreTheSame() async throws {
        try await gateway { gateway, _ in
            var session = try await gateway.openSession()
            session["X-Stonegate-Agent"] = "one"
            let id = try await submit(gateway, "sleep", #"{"ms":100}"#)
            let result = try await gateway.rpc(session, "tasks/result", ["taskId": .string(id)])
            #expect(result.text == "slept 100 ms")
            let task = try await gateway.task(session, "sleep", ["ms": 100])
            let polled = try await gateway.rpc(
                session, "tools/call", ["name": "gate_await", "arguments": ["call_id": task["taskId"] ?? .null]])
            #expect(polled.json["result"]?["structuredContent"]?["status"] == "complete", "\(polled.json.text)")
        }
    }

    // MARK: After a restart

    @Test func resultsAndWaitingCallsSurviveAKill() async throws {
        let directory = try TemporaryDirectory()
        let config =
            "[limits]\nin_flight_per_backend = 2\n" + (try Backends.fake("b", ["--ledger", directory.file("ledger")]))
        var gateway = try await GatewayProcess.start(config)
        try await gateway.running(["b"])
        let done = try await submit(gateway, "echo", #"{"text":"kept"}"#)
        let before = try await gateway.get("/call/\(done)?wait_ms=20000", headers: one)
        // One place for asynchronous calls: the second waits.
        let sent = try await submit(gateway, "hang", #"{"key":"sent"}"#)
        try await gateway.carriedOut(2, directory)
        let waiting = try await submit(gateway, "echo", #"{"text":"later","key":"waiting"}"#)
        gateway.program.signal(9)
        _ = try await gateway.program.exit()
        gateway = try await GatewayProcess.start(config, directory: gateway.directory, port: gateway.port)
        try await gateway.running(["b"])
        let after = try await gateway.get("/call/\(done)", headers: one)
        #expect(after.text == before.text)
        let unknown = try json(try await gateway.get("/call/\(sent)?wait_ms=20000", headers: one))
        #expect(unknown["status"] == "outcome_unknown")
        #expect(unknown["error"]?["sent"] == true && unknown["error"]?["retryable"] == false)
        let later = try json(try await gateway.get("/call/\(waiting)?wait_ms=20000", headers: one))
        #expect(later["status"] == "complete", "\(later.text)")
        let lines = (directory.read("ledger") ?? "").split(separator: "\n")
        #expect(lines.count { $0.contains("\"sent\"") } == 1)
        #expect(lines.count { $0.contains("\"waiting\"") } == 1)
        try await gateway.stop()
    }
}
