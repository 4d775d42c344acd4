import GateProtocol
import GateTestKit
import Testing

/// The call log, explanations and statistics of the real gateway.
@Suite(.timeLimit(.minutes(3)))
struct CallLogTests {
    private func gateway(
        _ flags: [String] = [], more: String = "", _ body: (GatewayProcess) async throws -> Void
    ) async throws {
        let gateway = try await GatewayProcess.start(Backends.fake("b", flags) + more)
        try await gateway.running(["b"])
        try await body(gateway)
        try await gateway.stop()
    }

    private func log(_ gateway: GatewayProcess, _ query: String = "") async throws -> JSONValue {
        try JSONValue(parsing: try await gateway.admin("GET", "/log?limit=1000&\(query)").body)
    }

    private func gatecall(
        _ gateway: GatewayProcess, _ arguments: String...
    ) async throws -> (exit: Program.Exit, output: String, errors: String) {
        try await Program.run(
            Products.path("gatecall"), arguments + ["--data-dir", gateway.dataDirectory],
            environment: ["GATECALL_URL": gateway.baseURL, "HOME": "/nowhere", "PATH": "/usr/bin:/bin"])
    }

    @Test func everyCallIsOneLine() async throws {
        try await gateway { gateway in
            let secret = "canary-\(gateway.port)"
            _ = try await gateway.call("b", "echo", ["text": .string(secret)])
            _ = try await gateway.call("b", "fail", ["message": "no"])
            _ = try await gateway.call("b", "nope")
            _ = try await gateway.post(
                "/call", headers: ["X-Stonegate-Timeout": "50", "X-Stonegate-Agent": "hasty"],
                json: #"{"server":"b","tool":"hang"}"#)
            let session = try await gateway.openSession()
            let name = try #require(try await gateway.names()["b/echo"])
            _ = try await gateway.post("/mcp", headers: session, json: MCPMessage.legacyCall(name, ["text": "x"]))
            let started = try await gateway.post(
                "/call/async", json: #"{"server":"b","tool":"sleep","arguments":{"ms":20}}"#)
            let id = try JSONValue(parsing: started.body)["call_id"]?.stringValue ?? ""
            _ = try await gateway.get("/call/\(id)?wait_ms=20000")
            let calls = try #require(try await log(gateway)["calls"]?.arrayValue)
            #expect(
                calls.map { $0["status"] } == ["success", "success", "timeout", "rejected", "tool_error", "success"])
            let (asynchronous, mcp, late, unknown, failed, first) = (
                calls[0], calls[1], calls[2], calls[3], calls[4], calls[5]
            )
            #expect(asynchronous["async"] == true && asynchronous["tool"] == "sleep")
            #expect(mcp["source"] == "mcp" && mcp["session"] != nil)
            #expect(late["code"] == "TIMEOUT" && late["agent"] == "hasty" && late["timeout_rule"] == "caller")
            #expect(late["sent"] == true && (late["backend_ms"]?.doubleValue ?? 0) >= 40)
            #expect(unknown["code"] == "TOOL_NOT_FOUND" && unknown["sent"] == false)
            #expect(failed["sent"] == true && failed["code"] == nil)
            #expect(first["arguments"]?["shape"]?["text"]?.stringValue == "string(\(secret.utf8.count))")
            #expect((first["bytes_in"]?.intValue ?? 0) > 10 && (first["bytes_out"]?.intValue ?? 0) > 10)
            let parts = ["queue_ms", "startup_ms", "backend_ms", "gateway_ms"].map { first[$0]?.doubleValue ?? 0 }
            #expect(abs(parts.reduce(0, +) - (first["duration_ms"]?.doubleValue ?? 0)) < 0.01)
            // What was in the arguments is nowhere.
            let everywhere = try await [
                gateway.admin("GET", "/log").text, gateway.get("/stats").text, gateway.get("/metrics").text,
            ]
            for text in everywhere { #expect(!text.contains(secret)) }
        }
    }

    @Test func linesAreFilteredAndPaged() async throws {
        try await gateway { gateway in
            for number in 0..<120 {
                _ = try await gateway.call("b", number % 10 == 0 ? "fail" : "echo", ["text": "x", "message": "no"])
            }
            var seen: [Int] = []
            var cursor = ""
            repeat {
                let page = try JSONValue(
                    parsing: try await gateway.admin("GET", "/log?limit=50\(cursor)").body)
                seen += page["calls"]?.arrayValue?.compactMap { $0["sequence"]?.intValue } ?? []
                cursor = page["next_cursor"]?.stringValue.map { "&cursor=\($0)" } ?? ""
            } while !cursor.isEmpty
            #expect(seen == (1...120).reversed())
            #expect(try await log(gateway, "status=tool_error")["calls"]?.arrayValue?.count == 12)
            #expect(try await log(gateway, "tool=echo")["calls"]?.arrayValue?.count == 108)
            #expect(try await log(gateway, "server=c")["calls"]?.arrayValue?.count == 0)
            #expect(try await log(gateway, "since=1h")["calls"]?.arrayValue?.count == 120)
            #expect(try await log(gateway, "until=1h")["calls"]?.arrayValue?.count == 0)
            #expect(try await log(gateway, "after=118")["calls"]?.arrayValue?.map { $0["sequence"] } == [119, 120])
            for bad in ["status=odd", "since=yesterday", "limit=0", "cursor=%21"] {
                #expect(try await gateway.admin("GET", "/log?\(bad)").status == 400, "\(bad)")
            }
            #expect(try await gateway.get("/log").status == 401)
            let shown = try await gatecall(gateway, "log", "--status", "tool_error", "--limit", "3")
            #expect(shown.output.split(separator: "\n").count == 4 && shown.output.contains("b/fail"), "\(shown)")
        }
    }

    @Test func theLogIsFollowed() async throws {
        try await gateway { gateway in
            _ = try await gateway.call("b", "echo", ["text": "before"])
            let program = try Program(
                Products.path("gatecall"),
                ["log", "--follow", "--url", gateway.baseURL, "--data-dir", gateway.dataDirectory],
                environment: ["HOME": "/nowhere", "PATH": "/usr/bin:/bin"])
            _ = try await program.output.first { $0.contains("b/echo") }
            _ = try await gateway.call("b", "fail", ["message": "no"])
            let line = try await program.output.first { $0.contains("b/fail") }.element
            #expect(line.contains("tool_error"))
            program.signal(2)
            _ = try await program.exit()
        }
    }

    @Test func explanationsTellWhereTheTimeWent() async throws {
        let more = "max_in_flight = 1\ncircuit_breaker = { failure_threshold = 1 }\n"
        try await gateway(more: more) { gateway in
            async let first = gateway.call("b", "sleep", ["ms": 400])
            async let second = gateway.call("b", "sleep", ["ms": 401])
            _ = try await (first, second)
            let waited = try #require(
                try await log(gateway)["calls"]?.arrayValue?.first { ($0["queue_ms"]?.doubleValue ?? 0) > 200 })
            let id = try #require(waited["correlation_id"]?.stringValue)
            let explained = try await gatecall(gateway, "explain", id)
            #expect(explained.output.contains("waiting for a place at the server"), "\(explained)")
            #expect(explained.output.contains("1 call were at the server") || explained.output.contains("1 call"))
            _ = try await gateway.call("b", "crash", ["when": "before"])
            let refused = try await gateway.call("b", "echo", ["text": "x"])
            let code = refused.json["code"]?.stringValue
            let other = try await gatecall(gateway, "explain", refused.json["correlation_id"]?.stringValue ?? "")
            #expect(code == "CIRCUIT_OPEN" && other.output.contains("was open"), "\(refused.json.text) \(other)")
            let unknown = try await gatecall(gateway, "explain", "nope-1")
            #expect(unknown.exit == .code(2) && unknown.errors.contains("CALL_NOT_FOUND"))
        }
    }

    @Test func statisticsAgreeAndSurviveARestart() async throws {
        let config = try Backends.fake("b")
        var gateway = try await GatewayProcess.start(config)
        try await gateway.running(["b"])
        for _ in 0..<20 { _ = try await gateway.call("b", "sleep", ["ms": 30]) }
        for _ in 0..<5 { _ = try await gateway.call("b", "fail", ["message": "no"]) }
        let before = try await gateway.json("/stats")
        #expect(before["total_calls"] == 25 && before["total_errors"] == 5)
        #expect(before["backends"]?.arrayValue?.first?["calls"] == 25)
        #expect(before["last_minute"]?["calls"] == 25 && before["last_hour"]?["errors"] == 5)
        let tools = before["tools"]?.arrayValue ?? []
        #expect(tools.map { $0["name"] } == ["b/sleep", "b/fail"])
        #expect((30...60).contains(tools.first?["latency"]?["p50_ms"]?.doubleValue ?? 0), "\(before.text)")
        try await gateway.stop()
        gateway = try await GatewayProcess.start(config, directory: gateway.directory)
        try await gateway.running(["b"])
        _ = try await gateway.call("b", "echo", ["text": "x"])
        let after = try await gateway.json("/stats")
        #expect(after["total_calls"] == 26 && after["last_hour"]?["calls"] == 1)
        let kept = after["tools"]?.arrayValue?.first?["latency"]
        #expect(kept?["calls"] == 20 && kept?["avg_ms"] == tools.first?["latency"]?["avg_ms"])
        let medians = [kept, tools.first?["latency"]].map { $0?["p50_ms"]?.doubleValue ?? 0 }
        #expect(abs(medians[0] - medians[1]) <= medians[1] / 100)
        // The log too.
        #expect(try await log(gateway)["calls"]?.arrayValue?.count == 26)
        try await gateway.stop()
    }

    @Test func metricsAreWhatPrometheusReads() async throws {
        try await gateway { gateway in
            _ = try await gateway.call("b", "echo", ["text": "x"])
            let reply = try await gateway.get("/metrics")
            #expect(reply["Content-Type"]?.hasPrefix("text/plain; version=0.0.4") == true)
            var types: Set<Substring> = []
            for line in reply.text.split(separator: "\n") {
                if line.hasPrefix("# TYPE ") { types.insert(line.split(separator: " ")[2]) }
                guard !line.hasPrefix("#") else { continue }
                let match = try #require(
                    line.wholeMatch(of: /([a-z_]+)(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? ([0-9.e+-]+)/), "\(line)")
                let family = match.1.replacing(/_(sum|count)$/, with: "")
                #expect(types.contains(match.1) || types.contains(Substring(family)), "\(line)")
            }
            #expect(reply.text.contains("stonegate_calls_total{server=\"b\",status=\"success\"} 1"))
            #expect(reply.text.contains("stonegate_backend_up{server=\"b\"} 1"))
        }
    }
}
