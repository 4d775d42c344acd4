import GateBackend
import GateCore
import GateProtocol
import NIOCore
import Testing

@testable import GateServer

@Suite struct CallLogTextTests {
    private static let digest: ArgumentDigest? = KeyedHash(key: [UInt8](repeating: 1, count: 32)).map {
        ArgumentDigest(key: $0)
    }

    private func record(_ change: (inout CallRecord) -> Void = { _ in }) -> CallRecord {
        var record = CallRecord(
            time: 1_764_056_400_123, correlationID: "abc-1", agent: "an \"agent\"", source: "mcp", server: "s",
            tool: "t",
            kind: "tool", status: .success, wasSent: true, bytesIn: 5, bytesOut: 70, total: .microseconds(12_345))
        change(&record)
        return record
    }

    private func json(_ record: CallRecord, _ arguments: String? = nil, _ digest: ArgumentDigest? = Self.digest) throws
        -> JSONValue
    {
        let text = RecordText.write(record, arguments.map { ByteBuffer(string: $0) }, try #require(digest))
        return try JSONValue(parsing: Array("{".utf8) + text + Array("}".utf8))
    }

    @Test func aRecordIsWrittenAsJSON() throws {
        let now = ContinuousClock.now
        let value = try json(
            record { record in
                record.facts.enter(.startup, now: now)
                record.facts.enter(.queue, now: now.advanced(by: .microseconds(1_001)))
                record.facts.enter(.backend, now: now.advanced(by: .microseconds(3_001)))
                record.facts.enter(.gateway, now: now.advanced(by: .microseconds(10_001)))
                record.facts.attempts = 2
                record.facts.repeats = ["BACKEND_DOWN"]
                record.session = .session(high: 0x1a2b_3c4d_0000_0000, low: 9)
            })
        #expect(value["agent"] == "an \"agent\"")
        #expect(value["duration_ms"]?.doubleValue == 12.345)
        #expect(value["startup_ms"]?.doubleValue == 1.001 && value["queue_ms"]?.doubleValue == 2)
        #expect(value["backend_ms"]?.doubleValue == 7 && value["gateway_ms"]?.doubleValue == 2.344)
        #expect(value["attempts"] == 2 && value["repeats"] == ["BACKEND_DOWN"])
        #expect(value["bytes_in"] == 5 && value["bytes_out"] == 70 && value["sent"] == true)
        #expect(value["arguments"] == nil)
        #expect(value["session"] == "session 1a2b3c4d")
        // What is nothing is left out.
        for name in ["circuit", "waiting", "in_flight", "timeout_ms"] { #expect(value[name] == nil) }
    }

    @Test func argumentsAreADigestAndAShape() throws {
        let value = try json(record(), #"{"password":"hunter2","n":1,"list":[1],"o":{},"b":true,"z":null}"#)
        let arguments = try #require(value["arguments"])
        #expect(
            arguments["shape"] == [
                "password": "string(7)", "n": "number", "list": "array", "o": "object", "b": "boolean", "z": "null",
            ])
        #expect(arguments["digest"]?.stringValue?.utf8.count == 32)
        #expect(arguments["value"] == nil && !value.text.contains("hunter2"))
        // Equal arguments have equal digests, others not, and another key gives another.
        #expect(try json(record(), "{\"a\":1}")["arguments"] == json(record(), "{\"a\":1}")["arguments"])
        let other = KeyedHash(key: [UInt8](repeating: 2, count: 32)).map { ArgumentDigest(key: $0) }
        #expect(
            try json(record(), "{\"a\":1}")["arguments"]?["digest"]
                != json(record(), "{\"a\":1}", other)["arguments"]?["digest"])
        let long = "{\(((0..<40).map { "\"m\($0)\":1" }).joined(separator: ","))}"
        #expect(try json(record(), long)["arguments"]?["shape"]?["…"] == "24 more")
    }

    @Test func fullArgumentsHaveNoSecrets() throws {
        var digest = try #require(Self.digest)
        digest.isFull = true
        digest.redacted = ["password", "token"]
        let value = try json(
            record(), #"{"Password":"hunter2","deep":[{"token":"t","keep":"k"}],"n":1.50}"#, digest)
        #expect(
            value["arguments"]?["value"]
                == ["Password": "[redacted]", "deep": [["token": "[redacted]", "keep": "k"]], "n": .number("1.50")])
        #expect(!value.text.contains("hunter2"))
    }

    @Test(arguments: [
        ("0", 0), ("1764056400123", 1_764_056_400_123), ("30s", 970_000), ("15m", 100_000), ("2h", -6_200_000),
        ("1970-01-01T00:00:00Z", 0), ("2025-11-25T07:40:00Z", 1_764_056_400_000),
        ("2024-02-29T23:59:59.5Z", 1_709_251_199_500), ("2025-11-25t07:40:00.1239z", 1_764_056_400_123),
        ("2000-03-01T00:00:00Z", 951_868_800_000),
    ])
    func timesAreRead(_ text: String, _ milliseconds: Int) {
        #expect(LogTimeText.milliseconds(text, now: 1_000_000) == milliseconds)
    }

    @Test(arguments: [
        "", "-1", "m", "1y", "2025-13-01T00:00:00Z", "2025-11-25 07:40", "2025-11-25T07:40:00", "2025-11-25T24:00:00Z",
        "2025-11-25T07:40:00.Z", "99999999999999999999", "2025-11-25T07:40:00+01:00",
    ])
    func otherTimesAreNot(_ text: String) { #expect(LogTimeText.milliseconds(text, now: 0) == nil) }

    @Test func explanationsSayWhatDecided() throws {
        let waited: JSONValue = [
            "time": "T", "status": "timeout", "code": "TIMEOUT", "message": "No answer.", "agent": "a", "server": "s",
            "tool": "t", "kind": "tool", "sent": true, "duration_ms": 1_000, "queue_ms": 900, "backend_ms": 90,
            "gateway_ms": 10, "startup_ms": 0, "attempts": 1, "circuit": "closed", "in_flight": 64, "waiting": 3,
            "timeout_ms": 1_000, "timeout_rule": "caller",
        ]
        let text = CallExplanation(waited).lines.joined(separator: "\n")
        for part in [
            "had no answer in time (TIMEOUT), after 1000 ms", "900 ms (90 %) waiting for a place",
            "64 calls were at the server and 3 calls waited",
            "What decided: No answer. The time was 1000 ms, the caller's own limit",
            "more places or instances",
        ] { #expect(text.contains(part), "\(text)") }
        let refused: JSONValue = [
            "time": "T", "status": "rejected", "code": "CIRCUIT_OPEN", "message": "Open.", "server": "s", "tool": "t",
            "kind": "tool", "sent": false, "duration_ms": 0.02, "gateway_ms": 0.02, "circuit": "open",
        ]
        let other = CallExplanation(refused).lines.joined(separator: "\n")
        #expect(other.contains("was refused by stonegate and not sent (CIRCUIT_OPEN)"))
        #expect(other.contains("The circuit of server 's' was open"))
    }

    @Test func metricsFollowTheFormat() {
        var metrics = MetricsText()
        metrics.family("a_total", .counter, "Help.", [([("server", "x\"\\\n")], 3), ([], 0.25)])
        metrics.family("none", .gauge, "Nothing.", [])
        #expect(
            metrics.text
                == "# HELP a_total Help.\n# TYPE a_total counter\na_total{server=\"x\\\"\\\\\\n\"} 3\na_total 0.25\n")
    }

    @Test func statisticsAreKept() {
        var statistics = CallStatistics()
        let now = ContinuousClock.now
        for number in 0..<300 {
            statistics.record(
                record { record in
                    record.agent = "agent \(number)"
                    record.status = number % 3 == 0 ? .error : .success
                }, now: now)
        }
        let agents = statistics.agents.all(now: now)
        #expect(agents.count == 129)
        #expect(agents.first?.name == "(other)" && agents.first?.all.calls == 172)
        var later = CallStatistics()
        StatisticsText.read(StatisticsText.write(statistics), into: &later)
        #expect(later.total.text == statistics.total.text)
        #expect(later.servers.texts.map(\.text) == statistics.servers.texts.map(\.text))
        #expect(later.tools.part("s/t", now: now)?.all.calls == 300)
        #expect(later.agents.all(now: now).reduce(0) { $0 + $1.all.calls } == 300)
        StatisticsText.read(Array("{\"version\":2}".utf8), into: &later)
        #expect(later.total.total.calls == 300)
    }
}
