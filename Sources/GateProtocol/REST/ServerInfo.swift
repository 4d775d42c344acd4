/// One backend: an element of `GET /server/list`.
public struct ServerInfo: JSONRepresentable, Equatable {
    public var name: String
    /// `disabled`, `starting`, `running`, `degraded`, `backing_off`, `crash_looping`, `stopping`, `stopped` or `blocked`.
    public var status: String
    /// `stdio` or `http`.
    public var transport: String
    public var toolCount: Int
    public var uptimeSeconds: Int
    /// `closed`, `open` or `half_open`.
    public var circuit: String
    public var totalCalls: Int
    /// Failed calls as a share of all, from 0 to 1.
    public var errorRate: Double
    /// The members beyond the ones above, as the gateway sent them (pid, protocol, last_error, next_retry_seconds, advice, …).
    public var details: JSONObject

    private static let known: Set<String> = [
        "name", "status", "transport", "tool_count", "uptime_seconds", "circuit", "total_calls", "error_rate",
    ]

    public init(
        name: String, status: String, transport: String, toolCount: Int, uptimeSeconds: Int, circuit: String,
        totalCalls: Int, errorRate: Double, details: JSONObject = JSONObject()
    ) {
        self.name = name
        self.status = status
        self.transport = transport
        self.toolCount = toolCount
        self.uptimeSeconds = uptimeSeconds
        self.circuit = circuit
        self.totalCalls = totalCalls
        self.errorRate = errorRate
        self.details = details
    }

    public init(json: JSONValue) throws(JSONShapeError) {
        name = try json.string("name")
        status = try json.string("status")
        transport = json["transport"]?.stringValue ?? ""
        toolCount = json["tool_count"]?.intValue ?? 0
        uptimeSeconds = json["uptime_seconds"]?.intValue ?? 0
        circuit = json["circuit"]?.stringValue ?? "closed"
        totalCalls = json["total_calls"]?.intValue ?? 0
        errorRate = json["error_rate"]?.doubleValue ?? 0
        details = JSONObject()
        details.members = json.objectValue?.members.filter { !ServerInfo.known.contains($0.key) } ?? []
    }

    public var json: JSONValue {
        var object = JSONObject([
            ("name", .string(name)), ("status", .string(status)), ("transport", .string(transport)),
            ("tool_count", .init(toolCount)), ("uptime_seconds", .init(uptimeSeconds)), ("circuit", .string(circuit)),
            ("total_calls", .init(totalCalls)), ("error_rate", .init(rounded: errorRate)),
        ])
        object.members += details.members
        return .object(object)
    }
}
