import GateProtocol

/// The shapes of requests and answers, for the OpenAPI document. Tests hold real answers against them.
enum Schemas {
    static let servers = Route.QueryParameter(
        name: "servers", description: "Only these servers, separated by commas.", schema: ["type": "string"])
    static let queryWords = Route.QueryParameter(
        name: "query", description: "Words; without any, the catalog in its order.", schema: ["type": "string"])
    static let limit = Route.QueryParameter(
        name: "limit", description: "Most matches.",
        schema: ["type": "integer", "minimum": 1, "maximum": 1000, "default": 10])

    static let eventFormat = Route.QueryParameter(
        name: "format", description: "`sse`, a stream, or `json`, what is kept.",
        schema: ["type": "string", "enum": ["sse", "json"], "default": "sse"])
    static let eventsAfter = Route.QueryParameter(
        name: "after", description: "Only events behind this number; of a stream, those that were missed first.",
        schema: ["type": "integer", "minimum": 0])
    static let eventLimit = Route.QueryParameter(
        name: "limit", description: "With `json`: most events, the newest.",
        schema: ["type": "integer", "minimum": 1, "maximum": 1000, "default": 1000])

    static let object: JSONValue = ["type": "object"]
    private static let string: JSONValue = ["type": "string"]
    private static let integer: JSONValue = ["type": "integer"]
    private static let number: JSONValue = ["type": "number"]
    private static let boolean: JSONValue = ["type": "boolean"]

    static func object(_ required: [(String, JSONValue)], optional: [(String, JSONValue)] = []) -> JSONValue {
        let names = required.map { JSONValue.string($0.0) }
        return [
            "type": "object", "properties": .object(JSONObject(required + optional)), "required": .array(names),
        ]
    }

    private static func list(_ name: String, of element: JSONValue, more: [(String, JSONValue)] = []) -> JSONValue {
        let array: JSONValue = ["type": "array", "items": element]
        let members: [(String, JSONValue)] = [(name, array), ("total", integer)]
        return object(members + more)
    }

    private static let codes: JSONValue = {
        let known = ErrorCode.all.map { JSONValue.string($0.rawValue) }
        return ["type": "string", "enum": .array(known)]
    }()

    static let error = object(
        [
            ("error", string), ("code", codes),
            ("source", string), ("sent", boolean), ("retryable", boolean), ("correlation_id", string),
        ],
        optional: [("server", string), ("tool", string), ("retry_after", integer), ("detail", .object(JSONObject()))])

    static let call = object([("tool", string)], optional: [("server", string), ("arguments", object)])
    static let callAnswer = object(
        [
            ("result", object), ("server", string), ("tool", string), ("duration_ms", number),
            ("correlation_id", string),
        ], optional: [("is_error", boolean)])

    static let callAsync = object(
        [("tool", string)], optional: [("server", string), ("arguments", object), ("callback_url", string)])
    private static let status: JSONValue = [
        "type": "string",
        "enum": ["queued", "running", "input_required", "complete", "failed", "cancelled", "outcome_unknown"],
    ]
    static let callAccepted = object([("call_id", string), ("submitted_at", string), ("status", status)])
    static let callState = object(
        [
            ("call_id", string), ("status", status), ("server", string), ("tool", string), ("submitted_at", string),
            ("updated_at", string),
        ],
        optional: [
            ("expires_at", string), ("progress", object), ("questions", ["type": "array", "items": object]),
            ("is_error", boolean), ("duration_ms", number), ("correlation_id", string), ("result", object),
            ("result_bytes", integer), ("error", object),
        ])
    static let callList = object(
        [("calls", ["type": "array", "items": callState])], optional: [("next_cursor", string)])
    static let wait = Route.QueryParameter(
        name: "wait_ms", description: "Wait so long for the end, or for a question of the server.",
        schema: ["type": "integer", "minimum": 0, "maximum": 600_000, "default": 0])
    static let callStatus = Route.QueryParameter(
        name: "status", description: "Only calls in this state.", schema: status)
    static let callServer = Route.QueryParameter(
        name: "server", description: "Only calls of this server.", schema: ["type": "string"])
    static let callLimit = Route.QueryParameter(
        name: "limit", description: "Most calls.",
        schema: ["type": "integer", "minimum": 1, "maximum": 500, "default": 50])
    static let cursor = Route.QueryParameter(
        name: "cursor", description: "`next_cursor` of the page before.", schema: ["type": "string"])

    static let logQuery: [Route.QueryParameter] = [
        .init(
            name: "limit", description: "Most lines.",
            schema: ["type": "integer", "minimum": 1, "maximum": 1000, "default": 50]),
        .init(name: "server", description: "Only calls of this server.", schema: string),
        .init(name: "tool", description: "Only calls of this tool.", schema: string),
        .init(
            name: "status", description: "Only calls that ended so.",
            schema: [
                "type": "string", "enum": ["success", "tool_error", "error", "timeout", "cancelled", "rejected"],
            ]),
        .init(name: "agent", description: "Only calls of this agent.", schema: string),
        .init(
            name: "since",
            description: "A time (RFC 3339), milliseconds since 1970, or how long ago: `15m`, `2h`, `7d`.",
            schema: string),
        .init(name: "until", description: "As `since`.", schema: string),
        .init(name: "cursor", description: "`next_cursor` of the page before.", schema: string),
        .init(
            name: "after", description: "Only lines behind this sequence number, oldest first.",
            schema: ["type": "integer", "minimum": 0]),
    ]
    static let log = object(
        [("calls", ["type": "array", "items": object]), ("last", integer)], optional: [("next_cursor", string)])
    static let explainFormat = Route.QueryParameter(
        name: "format", description: "`json`, or `text` for the words alone.",
        schema: ["type": "string", "enum": ["json", "text"], "default": "json"])
    static let access = [
        Route.QueryParameter(name: "agent", description: "The agent, as GET /agents has it.", schema: string),
        Route.QueryParameter(
            name: "item",
            description: "`SERVER/NAME`, the server's own name of a tool or prompt, or URI of a resource.",
            schema: string),
        Route.QueryParameter(
            name: "kind", description: "What it is.",
            schema: ["type": "string", "enum": ["tool", "resource", "prompt"], "default": "tool"]),
    ]
    static let explanation = object([("call", object), ("explanation", ["type": "array", "items": string])])

    private static let tool = object([
        ("name", string), ("server", string), ("tool", string), ("description", string), ("parameters", object),
    ])
    static let toolList = list("tools", of: tool)
    static let discovered = list(
        "tools",
        of: object([
            ("name", string), ("server", string), ("tool", string), ("description", string), ("score", number),
            ("why", string),
        ]), more: [("query", string)])
    static let toolSchema = object([
        ("name", string), ("server", string), ("tool", string), ("description", string), ("parameters", object),
        ("definition", object), ("repairs", ["type": "array", "items": string]),
    ])

    static let serverList = list(
        "servers",
        of: object(
            [
                ("name", string),
                (
                    "status",
                    [
                        "type": "string",
                        "enum": [
                            "disabled", "starting", "running", "degraded", "backing_off", "crash_looping", "stopping",
                            "stopped", "blocked",
                        ],
                    ]
                ),
                ("transport", ["type": "string", "enum": ["stdio", "http"]]), ("tool_count", integer),
                ("uptime_seconds", integer),
                ("circuit", ["type": "string", "enum": ["closed", "open", "half_open"]]), ("total_calls", integer),
                ("error_rate", number), ("since_seconds", integer), ("reason", string), ("advice", string),
                ("in_flight", integer), ("queued", integer), ("restarts", integer), ("total_errors", integer),
            ],
            optional: [
                ("pid", integer), ("protocol", string), ("server_name", string), ("server_version", string),
                ("last_exit", string), ("last_error", string), ("next_retry_seconds", integer),
                ("processes", integer), ("memory_bytes", integer), ("cpu_seconds", number),
                ("stderr", ["type": "array", "items": string]), ("stray_messages", integer),
                ("refused_questions", integer), ("dropped_logs", integer), ("waited", integer),
                ("avg_wait_ms", number), ("longest_wait_ms", number),
                ("refused", integer), ("catalog_stale", boolean), ("hidden_tools", integer),
                ("unapproved_tools", integer),
                ("dropped_tools", ["type": "array", "items": string]),
                ("repaired_tools", ["type": "array", "items": string]),
                ("instances", ["type": "array", "items": object]), ("sandbox", string),
            ]))
    static let events = object([
        (
            "events",
            [
                "type": "array",
                "items": object(
                    [
                        ("sequence", integer), ("time_ms", integer), ("kind", string), ("server", string),
                        ("reason", string),
                    ], optional: [("from", string), ("to", string)]),
            ]
        ), ("last", integer),
    ])
    static let serverName = object([("name", string)])
    static let serverAdd = object(
        [("name", string)],
        optional: [
            ("transport", ["type": "string", "enum": ["stdio", "http"]]), ("command", string),
            ("args", ["type": "array", "items": string]), ("env", object), ("cwd", string), ("url", string),
            ("headers", object), ("ca_file", string), ("oauth", object),
            ("protocol", ["type": "string", "enum": ["auto", "legacy", "modern"]]),
            ("request_timeout", integer), ("auto_restart", boolean), ("health_check", boolean), ("enabled", boolean),
            ("tools", object), ("isolation", ["type": "string", "enum": ["shared", "per_agent", "per_session"]]),
            ("start", ["type": "string", "enum": ["eager", "lazy"]]), ("instances", integer),
            ("max_instances", integer), ("warm_spares", integer), ("idle_timeout", integer),
            ("trust_annotations", boolean), ("max_in_flight", integer), ("max_queue", integer),
            ("circuit_breaker", object), ("sandbox", object), ("integrity", object),
            ("questions", ["type": "string", "enum": ["when_certain", "one_at_a_time", "never"]]),
            ("roots", ["type": "array", "items": string]),
        ])
    static let acknowledged = object([("ok", boolean), ("name", string), ("action", string)])

    private static let strings: JSONValue = ["type": "array", "items": string]
    static let reloaded = object(
        [
            ("ok", boolean), ("added", strings), ("removed", strings), ("changed", strings), ("unchanged", strings),
            ("applied", strings), ("needs_restart", strings), ("warnings", strings),
        ], optional: [("file", string)])
    static let stopping = object([
        ("ok", boolean), ("action", string), ("in_flight", integer), ("drain_seconds", integer),
    ])

    static let health = object(
        [
            ("status", ["type": "string", "enum": ["ok", "degraded", "draining"]]), ("version", string),
            ("tier", string), ("uptime_seconds", integer), ("backends_total", integer), ("backends_healthy", integer),
            ("circuits_open", integer),
        ], optional: [("warnings", ["type": "array", "items": string]), ("sandboxes", object)])
    static let stats = object(
        [
            ("total_calls", integer), ("total_errors", integer), ("error_rate", number), ("avg_latency_ms", number),
            ("p95_latency_ms", number), ("p99_latency_ms", number),
            (
                "backends",
                [
                    "type": "array",
                    "items": object([("name", string), ("calls", integer), ("errors", integer), ("avg_ms", number)]),
                ]
            ),
        ],
        optional: [
            ("memory", object([("buffered_bytes", integer), ("limit_bytes", integer), ("refused", integer)]))
        ])
}
