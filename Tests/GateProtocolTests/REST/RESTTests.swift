import GateProtocol
import Testing

@Suite struct RESTTests {
    private func roundTrip<Value: JSONRepresentable & Equatable>(_ value: Value, _ text: String) throws {
        #expect(value.json.text == text)
        #expect(try Value(json: JSONValue(parsing: text)) == value)
    }

    /// Members that this version does not know are ignored; those it cannot do without are named.
    private func isTolerant<Value: JSONRepresentable & Equatable>(_ value: Value, needs: [String]) throws {
        var object = try #require(value.json.objectValue)
        object["from_the_future"] = ["x": 1]
        #expect(throws: Never.self) { try Value(json: .object(object)) }
        for key in needs {
            var without = object
            without[key] = nil
            let error = #expect(throws: JSONShapeError.self) { try Value(json: .object(without)) }
            #expect(error?.path == key)
        }
        for other in [JSONValue.null, [], "x", 1] { #expect(throws: JSONShapeError.self) { try Value(json: other) } }
    }

    @Test func callAnswer() throws {
        let answer = CallAnswer(
            result: ["content": [], "n": .number("1.10")], server: "web", tool: "search", durationMilliseconds: 1.25,
            correlationID: "c")
        try roundTrip(
            answer,
            #"{"result":{"content":[],"n":1.10},"server":"web","tool":"search","duration_ms":1.25,"correlation_id":"c"}"#
        )
        try isTolerant(answer, needs: ["result", "server", "tool"])
    }

    @Test func toolList() throws {
        let tool = ToolInfo(
            name: "web_search", server: "web", tool: "search", description: "Finds \"é\".",
            parameters: ["type": "object"])
        try roundTrip(
            ToolList(tools: [tool], total: 1),
            #"{"tools":[{"name":"web_search","server":"web","tool":"search","description":"Finds \"é\".","parameters":{"type":"object"}}],"total":1}"#
        )
        try isTolerant(tool, needs: ["name", "server"])
        try isTolerant(ToolList(tools: [tool], total: 1), needs: ["tools", "total"])
        let short = try ToolInfo(json: ["name": "a", "server": "b"])
        #expect(short == ToolInfo(name: "a", server: "b", tool: "a", description: "", parameters: [:]))
    }

    @Test func discoveredTool() throws {
        let tool = DiscoveredTool(name: "n", server: "s", tool: "t", description: "d", score: 0.875, why: "name")
        try roundTrip(tool, #"{"name":"n","server":"s","tool":"t","description":"d","score":0.875,"why":"name"}"#)
        try isTolerant(tool, needs: ["name", "server"])
    }

    @Test func health() throws {
        let health = HealthInfo(
            status: "degraded", version: "0.1.0", tier: "free", uptimeSeconds: 5, backendsTotal: 3, backendsHealthy: 2,
            circuitsOpen: 1)
        let text =
            #"{"status":"degraded","version":"0.1.0","tier":"free","uptime_seconds":5,"backends_total":3,"backends_healthy":2,"circuits_open":1}"#
        try roundTrip(health, text)
        try isTolerant(health, needs: ["status", "version"])
        var warned = health
        warned.warnings = ["open to the network"]
        try roundTrip(warned, text.dropLast() + #","warnings":["open to the network"]}"#)
    }

    @Test func server() throws {
        let server = ServerInfo(
            name: "web", status: "running", transport: "http", toolCount: 2, uptimeSeconds: 9, circuit: "closed",
            totalCalls: 4, errorRate: 0.25,
            details: JSONObject([("pid", 17), ("advice", "None.")]))
        try roundTrip(
            server,
            #"{"name":"web","status":"running","transport":"http","tool_count":2,"uptime_seconds":9,"circuit":"closed","total_calls":4,"error_rate":0.25,"pid":17,"advice":"None."}"#
        )
        try isTolerant(server, needs: ["name", "status"])
        let newer = try ServerInfo(json: ["name": "a", "status": "stopped", "new": [1]])
        #expect(newer.details.keys == ["new"] && newer.circuit == "closed" && newer.toolCount == 0)
    }

    @Test func stats() throws {
        let stats = StatsInfo(
            totalCalls: 8, totalErrors: 2, averageLatency: 1.5, p95Latency: 3, p99Latency: 4.125,
            backends: [.init(name: "web", calls: 8, errors: 2, averageMilliseconds: 1.5)])
        try roundTrip(
            stats,
            #"{"total_calls":8,"total_errors":2,"error_rate":0.25,"avg_latency_ms":1.5,"p95_latency_ms":3,"p99_latency_ms":4.125,"backends":[{"name":"web","calls":8,"errors":2,"avg_ms":1.5}]}"#
        )
        try isTolerant(stats, needs: ["total_calls", "total_errors", "error_rate", "backends"])
        try isTolerant(stats.backends[0], needs: ["name", "calls", "errors"])
        let idle = StatsInfo(
            totalCalls: 0, totalErrors: 0, averageLatency: .nan, p95Latency: .infinity, p99Latency: 0, backends: [])
        #expect(idle.errorRate == 0 && fault(idle.json.bytes) == nil)
    }

    @Test func shapeErrors() throws {
        let value: JSONValue = ["s": "x", "i": 1, "l": [["name": 1]]]
        #expect(throws: JSONShapeError(path: "i", expected: "a string")) { try value.string("i") }
        #expect(throws: JSONShapeError(path: "s", expected: "an integer")) { try value.int("s") }
        #expect(throws: JSONShapeError(path: "none", expected: "a number")) { try value.double("none") }
        #expect(throws: JSONShapeError(path: "s", expected: "an array")) { try value.list("s", of: ToolInfo.self) }
        #expect(throws: JSONShapeError(path: "name", expected: "a string")) { try value.list("l", of: ToolInfo.self) }
        #expect(JSONShapeError(path: "a", expected: "b").description == "a: expected b")
    }
}
