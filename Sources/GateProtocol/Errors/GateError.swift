/// One failure, as it is told to callers over REST, MCP, the SDK and the command line.
public struct GateError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Where the failure lies.
    public enum Source: String, Sendable {
        /// The request is wrong: change it.
        case caller
        /// stonegate could not do its part.
        case gateway
        /// The backend failed or answered badly.
        case backend
    }

    public var code: ErrorCode
    /// What went wrong and what to do next, in words for people and models.
    public var message: String
    public var source: Source
    /// The backend concerned.
    public var server: String?
    /// The tool concerned, by the backend's own name.
    public var tool: String?
    /// True when bytes of the call may have reached the backend. Such a call is never repeated by the gateway.
    public var sent: Bool
    /// Whether the same request may succeed later.
    public var retryable: Bool
    /// Seconds after which trying again makes sense.
    public var retryAfter: Int?
    /// Finds this failure in the gateway's log.
    public var correlationID: String?
    /// More about it, as JSON text: what the backend itself said (its JSON-RPC error object), or what is wrong with a configuration.
    public var detail: [UInt8]?
    /// The HTTP status with which a backend refused, when that is the failure.
    public var upstreamStatus: Int?

    public init(
        _ code: ErrorCode, _ message: String, source: Source = .gateway, server: String? = nil, tool: String? = nil,
        sent: Bool = false, retryAfter: Int? = nil, correlationID: String? = nil, detail: [UInt8]? = nil
    ) {
        self.code = code
        self.message = message
        self.source = source
        self.server = server
        self.tool = tool
        self.sent = sent
        self.retryable = code.traits.retryable && !sent
        self.retryAfter = retryAfter
        self.correlationID = correlationID
        self.detail = detail
    }

    public var status: Int { code.traits.status }
    public var description: String { "\(code): \(message)" }
}

extension GateError {
    /// The REST form: `{"error","code","sent","retryable",…}`.
    public var json: JSONValue {
        var object = JSONObject([
            ("error", .string(message)), ("code", .string(code.rawValue)), ("source", .string(source.rawValue)),
            ("sent", .bool(sent)), ("retryable", .bool(retryable)),
        ])
        if let server { object["server"] = .string(server) }
        if let tool { object["tool"] = .string(tool) }
        if let retryAfter { object["retry_after"] = .init(retryAfter) }
        if let correlationID { object["correlation_id"] = .string(correlationID) }
        if let detail, let value = try? JSONValue(parsing: detail) { object["detail"] = value }
        return .object(object)
    }

    /// Reads the REST form; nil when the value is no such error.
    public init?(json: JSONValue) {
        guard let code = json["code"]?.stringValue, let message = json["error"]?.stringValue else { return nil }
        self.init(
            ErrorCode(rawValue: code), message,
            source: json["source"]?.stringValue.flatMap(Source.init) ?? .gateway,
            server: json["server"]?.stringValue, tool: json["tool"]?.stringValue,
            sent: json["sent"]?.boolValue ?? false, retryAfter: json["retry_after"]?.intValue,
            correlationID: json["correlation_id"]?.stringValue, detail: json["detail"]?.bytes)
        // Whatever the text says, a call that may have been carried out is not offered again.
        retryable = (json["retryable"]?.boolValue ?? retryable) && !sent
    }
}
