/// The answer of `GET /health`.
public struct HealthInfo: JSONRepresentable, Equatable {
    /// `ok`, or `degraded` when a backend is not healthy. The gateway itself is up whenever it answers.
    public var status: String
    public var version: String
    public var tier: String
    public var uptimeSeconds: Int
    public var backendsTotal: Int
    public var backendsHealthy: Int
    public var circuitsOpen: Int
    /// Unsafe switches that are on.
    public var warnings: [String]
    /// By the server's name: what its processes are held to. Of those for which a sandbox is asked.
    public var sandboxes: [String: String]

    public init(
        status: String, version: String, tier: String, uptimeSeconds: Int, backendsTotal: Int, backendsHealthy: Int,
        circuitsOpen: Int, warnings: [String] = [], sandboxes: [String: String] = [:]
    ) {
        self.status = status
        self.version = version
        self.tier = tier
        self.uptimeSeconds = uptimeSeconds
        self.backendsTotal = backendsTotal
        self.backendsHealthy = backendsHealthy
        self.circuitsOpen = circuitsOpen
        self.warnings = warnings
        self.sandboxes = sandboxes
    }

    /// What everybody may know: whether the gateway is up, and its version.
    public var `public`: HealthInfo {
        HealthInfo(
            status: status == "draining" ? status : "ok", version: version, tier: tier, uptimeSeconds: uptimeSeconds,
            backendsTotal: 0, backendsHealthy: 0, circuitsOpen: 0)
    }

    public init(json: JSONValue) throws(JSONShapeError) {
        status = try json.string("status")
        version = try json.string("version")
        tier = json["tier"]?.stringValue ?? "free"
        uptimeSeconds = json["uptime_seconds"]?.intValue ?? 0
        backendsTotal = json["backends_total"]?.intValue ?? 0
        backendsHealthy = json["backends_healthy"]?.intValue ?? 0
        circuitsOpen = json["circuits_open"]?.intValue ?? 0
        warnings = json["warnings"]?.arrayValue?.compactMap(\.stringValue) ?? []
        let sandboxes = json["sandboxes"]?.objectValue?.members ?? []
        self.sandboxes = sandboxes.reduce(into: [:]) { $0[$1.key] = $1.value.stringValue }
    }

    public var json: JSONValue {
        var object = JSONObject([
            ("status", .string(status)), ("version", .string(version)), ("tier", .string(tier)),
            ("uptime_seconds", .init(uptimeSeconds)), ("backends_total", .init(backendsTotal)),
            ("backends_healthy", .init(backendsHealthy)), ("circuits_open", .init(circuitsOpen)),
        ])
        if !warnings.isEmpty { object["warnings"] = .array(warnings.map(JSONValue.string)) }
        if !sandboxes.isEmpty {
            let named = sandboxes.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) }
            object["sandboxes"] = .object(JSONObject(named))
        }
        return .object(object)
    }
}
