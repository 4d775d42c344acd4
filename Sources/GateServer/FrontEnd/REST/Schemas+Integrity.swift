import GateProtocol

/// What `/integrity` answers and takes.
extension Schemas {
    private static let text: JSONValue = ["type": "string"]
    private static let digest: JSONValue = ["type": "string", "pattern": "^sha256:[0-9a-f]{64}$"]
    private static let place = object([("path", text)])

    static let integrityQuery: [Route.QueryParameter] = [
        .init(name: "server", description: "Only tools of this server.", schema: text),
        .init(
            name: "all", description: "Those too that are approved.", schema: ["type": "boolean", "default": false]),
        .init(
            name: "limit", description: "Most tools.",
            schema: ["type": "integer", "minimum": 1, "maximum": 1000, "default": 100]),
    ]

    static let integrity = object([
        (
            "tools",
            [
                "type": "array",
                "items": object(
                    [
                        ("server", text), ("tool", text), ("change", ["type": "string", "enum": ["new", "changed"]]),
                        ("standing", ["type": "string", "enum": ["waiting", "approved", "rejected"]]),
                        ("hidden", ["type": "boolean"]), ("digest", digest), ("seen", text),
                        ("flags", ["type": "array", "items": place]),
                    ],
                    optional: [
                        ("approved_digest", digest), ("decided", text),
                        ("differences", ["type": "array", "items": place]), ("definition", ["type": "object"]),
                        ("cut", ["type": "boolean"]),
                    ]),
            ]
        ), ("total", ["type": "integer"]), ("waiting", ["type": "integer"]),
    ])

    static let decisions = object(
        [
            (
                "tools",
                [
                    "type": "array", "minItems": 1, "maxItems": 1000,
                    "items": object([("server", text), ("tool", text), ("digest", digest)]),
                ]
            )
        ], optional: [("reject", ["type": "boolean"])])
}
