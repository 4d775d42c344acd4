/// How an asynchronous call stands: the answer of `GET /call/{id}`, and an element of `GET /calls`.
public struct CallState: JSONRepresentable, Equatable {
    /// Where a call stands. An open set: an unknown one survives a round trip.
    public struct Status: RawRepresentable, Sendable, Hashable {
        public let rawValue: String

        public init(rawValue: String) { self.rawValue = rawValue }

        /// Accepted; nothing has been sent.
        public static let queued = Status(rawValue: "queued")
        public static let running = Status(rawValue: "running")
        /// The server waits for an answer to a question.
        public static let inputRequired = Status(rawValue: "input_required")
        /// The server answered; the result may say that the tool failed.
        public static let complete = Status(rawValue: "complete")
        public static let failed = Status(rawValue: "failed")
        public static let cancelled = Status(rawValue: "cancelled")
        /// It was sent, and whether it took effect is not known.
        public static let outcomeUnknown = Status(rawValue: "outcome_unknown")

        /// Whether it never changes any more.
        public var isEnd: Bool { ![.queued, .running, .inputRequired].contains(self) }
    }

    /// The newest that the server told of its work.
    public struct Progress: Sendable, Equatable {
        public var progress: Double
        /// Nil when the server does not know.
        public var total: Double?
        public var message: String?

        init?(_ json: JSONValue?) {
            guard let value = json?["progress"]?.doubleValue else { return nil }
            progress = value
            total = json?["total"]?.doubleValue
            message = json?["message"]?.stringValue
        }
    }

    public var id: String
    public var status: Status
    public var server: String
    public var tool: String
    /// RFC 3339, UTC.
    public var submittedAt: String
    public var updatedAt: String
    /// Until when the outcome can be read; nil before the end.
    public var expiresAt: String?
    public var progress: Progress?
    /// The server's result; nil in lists and events, and unless the call is complete.
    public var result: JSONValue?
    /// Why there is no result.
    public var error: GateError?
    public var durationMilliseconds: Double?
    public var correlationID: String?
    /// All of it, as the gateway sent it.
    public let json: JSONValue

    public init(json: JSONValue) throws(JSONShapeError) {
        self.json = json
        id = try json.string("call_id")
        status = Status(rawValue: try json.string("status"))
        server = try json.string("server")
        tool = try json.string("tool")
        submittedAt = try json.string("submitted_at")
        updatedAt = json["updated_at"]?.stringValue ?? submittedAt
        expiresAt = json["expires_at"]?.stringValue
        progress = Progress(json["progress"])
        result = json["result"]
        error = json["error"].flatMap { GateError(json: $0) }
        durationMilliseconds = json["duration_ms"]?.doubleValue
        correlationID = json["correlation_id"]?.stringValue
    }
}

/// The answer of `GET /calls`: one page, newest first.
public struct CallList: JSONRepresentable, Equatable {
    public var calls: [CallState]
    /// Where the next page begins; nil when there is none.
    public var nextCursor: String?

    public init(json: JSONValue) throws(JSONShapeError) {
        calls = try json.list("calls", of: CallState.self)
        nextCursor = json["next_cursor"]?.stringValue
    }

    public var json: JSONValue {
        var object = JSONObject([("calls", .array(calls.map(\.json)))])
        if let nextCursor { object["next_cursor"] = .string(nextCursor) }
        return .object(object)
    }
}
