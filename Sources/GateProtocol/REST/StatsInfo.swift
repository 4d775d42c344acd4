/// The answer of `GET /stats`. Times are milliseconds.
public struct StatsInfo: JSONRepresentable, Equatable {
    /// Calls and their times in a stretch of time. Times are milliseconds, and exact to 1 %.
    public struct Latency: JSONRepresentable, Equatable {
        public var calls: Int
        public var errors: Int
        public var average: Double
        public var p50: Double
        public var p95: Double
        public var p99: Double
        public var p999: Double
        public var maximum: Double

        public init(
            calls: Int, errors: Int, average: Double, p50: Double, p95: Double, p99: Double, p999: Double,
            maximum: Double
        ) {
            self.calls = calls
            self.errors = errors
            self.average = average
            self.p50 = p50
            self.p95 = p95
            self.p99 = p99
            self.p999 = p999
            self.maximum = maximum
        }

        public init(json: JSONValue) throws(JSONShapeError) {
            calls = try json.int("calls")
            errors = try json.int("errors")
            average = json["avg_ms"]?.doubleValue ?? 0
            p50 = json["p50_ms"]?.doubleValue ?? 0
            p95 = json["p95_ms"]?.doubleValue ?? 0
            p99 = json["p99_ms"]?.doubleValue ?? 0
            p999 = json["p999_ms"]?.doubleValue ?? 0
            maximum = json["max_ms"]?.doubleValue ?? 0
        }

        public var json: JSONValue {
            [
                "calls": .init(calls), "errors": .init(errors), "avg_ms": .init(rounded: average),
                "p50_ms": .init(rounded: p50), "p95_ms": .init(rounded: p95), "p99_ms": .init(rounded: p99),
                "p999_ms": .init(rounded: p999), "max_ms": .init(rounded: maximum),
            ]
        }
    }

    /// The share of one backend, tool (`server/tool`) or agent.
    public struct Backend: JSONRepresentable, Equatable {
        public var name: String
        public var calls: Int
        public var errors: Int
        public var averageMilliseconds: Double
        /// All calls; nil from a gateway that does not tell, as the next two.
        public var latency: Latency?
        public var lastMinute: Latency?
        public var lastHour: Latency?

        public init(name: String, calls: Int, errors: Int, averageMilliseconds: Double) {
            self.name = name
            self.calls = calls
            self.errors = errors
            self.averageMilliseconds = averageMilliseconds
        }

        public init(json: JSONValue) throws(JSONShapeError) {
            name = try json.string("name")
            calls = try json.int("calls")
            errors = try json.int("errors")
            averageMilliseconds = json["avg_ms"]?.doubleValue ?? 0
            latency = try json["latency"].map { value throws(JSONShapeError) in try Latency(json: value) }
            lastMinute = try json["last_minute"].map { value throws(JSONShapeError) in try Latency(json: value) }
            lastHour = try json["last_hour"].map { value throws(JSONShapeError) in try Latency(json: value) }
        }

        public var json: JSONValue {
            var object = JSONObject([
                ("name", .string(name)), ("calls", .init(calls)), ("errors", .init(errors)),
                ("avg_ms", .init(rounded: averageMilliseconds)),
            ])
            if let latency { object["latency"] = latency.json }
            if let lastMinute { object["last_minute"] = lastMinute.json }
            if let lastHour { object["last_hour"] = lastHour.json }
            return .object(object)
        }
    }

    /// Bytes that the gateway holds for others: bodies, replies that clients have not taken, bytes that wait for backends.
    public struct Memory: JSONRepresentable, Equatable {
        public var bufferedBytes: Int
        /// New sessions are refused above 80 % of it, new calls above 90 %.
        public var limitBytes: Int
        /// How often something was refused because of it.
        public var refused: Int

        public init(bufferedBytes: Int, limitBytes: Int, refused: Int) {
            self.bufferedBytes = bufferedBytes
            self.limitBytes = limitBytes
            self.refused = refused
        }

        public init(json: JSONValue) throws(JSONShapeError) {
            bufferedBytes = try json.int("buffered_bytes")
            limitBytes = try json.int("limit_bytes")
            refused = json["refused"]?.intValue ?? 0
        }

        public var json: JSONValue {
            [
                "buffered_bytes": .init(bufferedBytes), "limit_bytes": .init(limitBytes), "refused": .init(refused),
            ]
        }
    }

    public var totalCalls: Int
    public var totalErrors: Int
    public var errorRate: Double
    public var averageLatency: Double
    public var p95Latency: Double
    public var p99Latency: Double
    public var backends: [Backend]
    /// Nil when the gateway is of a version that does not tell.
    public var memory: Memory?
    public var p50Latency: Double?
    public var p999Latency: Double?
    public var lastMinute: Latency?
    public var lastHour: Latency?
    /// Those with the most calls first; what has no numbers of its own is `(other)`.
    public var tools: [Backend] = []
    public var agents: [Backend] = []
    /// Asynchronous calls that have not ended.
    public var pendingAsyncCalls: Int?
    /// Calls that are missing in the call log, because it could not be written.
    public var lostRecords: Int?

    public init(
        totalCalls: Int, totalErrors: Int, averageLatency: Double, p95Latency: Double, p99Latency: Double,
        backends: [Backend], memory: Memory? = nil
    ) {
        self.totalCalls = totalCalls
        self.totalErrors = totalErrors
        errorRate = totalCalls == 0 ? 0 : Double(totalErrors) / Double(totalCalls)
        self.averageLatency = averageLatency
        self.p95Latency = p95Latency
        self.p99Latency = p99Latency
        self.backends = backends
        self.memory = memory
    }

    public init(json: JSONValue) throws(JSONShapeError) {
        totalCalls = try json.int("total_calls")
        totalErrors = try json.int("total_errors")
        errorRate = try json.double("error_rate")
        averageLatency = json["avg_latency_ms"]?.doubleValue ?? 0
        p95Latency = json["p95_latency_ms"]?.doubleValue ?? 0
        p99Latency = json["p99_latency_ms"]?.doubleValue ?? 0
        backends = try json.list("backends", of: Backend.self)
        if let value = json["memory"], value != .null { memory = try Memory(json: value) }
        p50Latency = json["p50_latency_ms"]?.doubleValue
        p999Latency = json["p999_latency_ms"]?.doubleValue
        lastMinute = try json["last_minute"].map { value throws(JSONShapeError) in try Latency(json: value) }
        lastHour = try json["last_hour"].map { value throws(JSONShapeError) in try Latency(json: value) }
        if json["tools"] != nil { tools = try json.list("tools", of: Backend.self) }
        if json["agents"] != nil { agents = try json.list("agents", of: Backend.self) }
        pendingAsyncCalls = json["pending_async_calls"]?.intValue
        lostRecords = json["lost_records"]?.intValue
    }

    public var json: JSONValue {
        var object = JSONObject([
            ("total_calls", .init(totalCalls)), ("total_errors", .init(totalErrors)),
            ("error_rate", .init(rounded: errorRate)), ("avg_latency_ms", .init(rounded: averageLatency)),
            ("p95_latency_ms", .init(rounded: p95Latency)), ("p99_latency_ms", .init(rounded: p99Latency)),
            ("backends", .array(backends.map(\.json))),
        ])
        if let memory { object["memory"] = memory.json }
        if let p50Latency { object["p50_latency_ms"] = .init(rounded: p50Latency) }
        if let p999Latency { object["p999_latency_ms"] = .init(rounded: p999Latency) }
        if let lastMinute { object["last_minute"] = lastMinute.json }
        if let lastHour { object["last_hour"] = lastHour.json }
        if !tools.isEmpty { object["tools"] = .array(tools.map(\.json)) }
        if !agents.isEmpty { object["agents"] = .array(agents.map(\.json)) }
        if let pendingAsyncCalls { object["pending_async_calls"] = .init(pendingAsyncCalls) }
        if let lostRecords { object["lost_records"] = .init(lostRecords) }
        return .object(object)
    }
}
