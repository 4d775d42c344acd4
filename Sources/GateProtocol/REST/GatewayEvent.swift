/// Something that happened to the gateway or its servers, as `GET /events` tells it.
public struct GatewayEvent: JSONRepresentable, Equatable {
    /// What it is about. An open set: an unknown kind survives a round trip.
    public struct Kind: RawRepresentable, Sendable, Hashable {
        public let rawValue: String

        public init(rawValue: String) { self.rawValue = rawValue }

        /// A server went from one state to another.
        public static let server = Kind(rawValue: "server")
        /// A server's circuit opened, is being probed, or closed.
        public static let circuit = Kind(rawValue: "circuit")
        /// What a server offers has changed.
        public static let catalog = Kind(rawValue: "catalog")
        /// A tool is new or not as it was approved, or the operator has decided about it. For operators only.
        public static let integrity = Kind(rawValue: "integrity")
        public static let serverAdded = Kind(rawValue: "server_added")
        public static let serverRemoved = Kind(rawValue: "server_removed")
    }

    /// Rises by one with each event of this run of the gateway.
    public var sequence: Int
    /// Wall time in milliseconds since 1970, UTC.
    public var milliseconds: Int
    public var kind: Kind
    public var server: String
    /// The states before and after, where the kind has states.
    public var from: String?
    public var to: String?
    public var reason: String

    public init(
        sequence: Int, milliseconds: Int, kind: Kind, server: String, from: String? = nil, to: String? = nil,
        reason: String
    ) {
        self.sequence = sequence
        self.milliseconds = milliseconds
        self.kind = kind
        self.server = server
        self.from = from
        self.to = to
        self.reason = reason
    }

    public init(json: JSONValue) throws(JSONShapeError) {
        sequence = json["sequence"]?.intValue ?? 0
        milliseconds = json["time_ms"]?.intValue ?? 0
        kind = Kind(rawValue: try json.string("kind"))
        server = json["server"]?.stringValue ?? ""
        from = json["from"]?.stringValue
        to = json["to"]?.stringValue
        reason = json["reason"]?.stringValue ?? ""
    }

    public var json: JSONValue {
        var members = JSONObject([
            ("sequence", .init(sequence)), ("time_ms", .init(milliseconds)), ("kind", .string(kind.rawValue)),
            ("server", .string(server)),
        ])
        if let from { members["from"] = .string(from) }
        if let to { members["to"] = .string(to) }
        members["reason"] = .string(reason)
        return .object(members)
    }
}
