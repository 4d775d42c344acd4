/// Lists that break clients, or try to.
extension Server {
    /// Extra entries of the list, as the evil mode asks.
    var badTools: [JSON] {
        switch options.evil {
        case .badTools: return Server.broken
        case .collideNames: return collidingNames.map { tool($0, Server.empty) }
        case .rugPull: return [tool("pulled_\(lists)", Server.empty)]
        case .schemaBomb:
            let depth = options.evilCount ?? 10000
            let opening = String(repeating: #"{"type":"object","properties":{"a":"#, count: depth)
            let bomb = opening + "{}" + String(repeating: "}}", count: depth)
            return [tool("bomb", .verbatim(Array(bomb.utf8)))]
        default: return []
        }
    }

    var badNames: [String] {
        switch options.evil {
        case .badTools: return Server.broken.compactMap { $0["name"]?.text }
        case .collideNames: return collidingNames
        case .rugPull: return (0...lists).map { "pulled_\($0)" }
        case .schemaBomb: return ["bomb"]
        default: return []
        }
    }

    private var collidingNames: [String] {
        ["echo", "ECHO", "read_file", "readFile", "read-file", "read.file", "a_b", "a__b", "caf\u{E9}", "cafe\u{301}"]
    }

    private func tool(_ name: String, _ schema: JSON) -> JSON { Server.tool(name, schema) }

    private static func tool(_ name: String, _ schema: JSON) -> JSON {
        ["name": .string(name), "description": .string("Tool \(name)."), "inputSchema": schema]
    }

    private static let empty: JSON = ["type": "object", "properties": [:]]

    private static func property(_ schema: JSON) -> JSON { ["type": "object", "properties": ["a": schema]] }

    private static let broken: [JSON] = [
        tool("bad_no_type", ["properties": ["a": ["type": "string"]]]),
        tool("bad_empty", [:]),
        tool("bad_no_properties", ["type": "object"]),
        tool(
            "bad_recursive",
            [
                "type": "object", "properties": ["node": ["$ref": "#/$defs/node"]],
                "$defs": ["node": ["type": "object", "properties": ["next": ["$ref": "#/$defs/node"]]]],
            ]),
        tool("bad_type_list", property(["type": ["string", "null"]])),
        tool("bad_boolean", property(true)),
        tool("bad_remote_ref", property(["$ref": "http://127.0.0.1:9/schema.json"])),
        tool("bad_unknown_type", property(["type": "text"])),
        tool("bad_pattern", property(["type": "string", "pattern": "(["])),
        tool("bad_draft04", property(["type": "integer", "minimum": 0, "exclusiveMinimum": true])),
        tool("bad_root_anyof", ["type": "object", "anyOf": [["required": ["a"]], ["required": ["b"]]]]),
        tool("bad_root_array", ["type": "array"]),
        tool("bad_schema_null", .null),
        tool("bad_schema_text", "object"),
        ["name": "bad_schema_missing", "description": "No inputSchema at all."],
        ["name": "bad_description", "description": 7, "inputSchema": empty],
        ["name": "bad_output", "inputSchema": empty, "outputSchema": "text"],
        ["name": "bad_header", "inputSchema": property(["type": "number", "x-mcp-header": "bad header\r\n"])],
        tool("bad name with spaces", empty),
        tool("bad/slash.dot", empty),
        tool(String(repeating: "long_", count: 40), empty),
        tool("", empty),
        tool("b\u{E4}d_\u{1F980}", empty),
        ["description": "No name.", "inputSchema": empty],
        ["name": 7, "inputSchema": empty],
        .null, "a text", 42,
        tool("good_after_bad", property(["type": "string"])),
    ]
}
