/// The answer of `GET /stats`. Times are milliseconds.
public struct StatsInfo: JSONRepresentable, Equatable {
    /// The share of one backend.
    public struct Backend: JSONRepresentable, Equatable {
        public var name: String
        public var calls: Int
        public var errors: Int
        public var averageMilliseconds: Double

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
        }

        public var json: JSONValue {
            [
                "name": .string(name), "calls": .init(calls), "errors": .init(errors),
                "avg_ms": .init(rounded: averageMilliseconds),
            ]
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
    }

    public var json: JSONValue {
        var object = JSONObject([
            ("total_calls", .init(totalCalls)), ("total_errors", .init(totalErrors)),
            ("error_rate", .init(rounded: errorRate)), ("avg_latency_ms", .init(rounded: averageLatency)),
            ("p95_latency_ms", .init(rounded: p95Latency)), ("p99_latency_ms", .init(rounded: p99Latency)),
            ("backends", .array(backends.map(\.json))),
        ])
        if let memory { object["memory"] = memory.json }
        return .object(object)
    }
}
