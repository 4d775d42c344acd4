import GateProtocol
import Testing

@testable import GateCore

/// `x-mcp-header`: arguments that HTTP repeats in header fields (MCP 2026-07-28).
struct HeaderMirrorTests {
    private let schema: JSONValue = [
        "type": "object",
        "properties": [
            "region": ["type": "string", "x-mcp-header": "Region"],
            "page": ["type": "integer", "x-mcp-header": "Page"],
            "options": ["type": "object", "properties": ["dry": ["type": "boolean", "x-mcp-header": "Dry"]]],
            "free": ["type": "string"],
        ],
    ]

    @Test func namesTheFieldsOfACall() throws {
        let mirror = try HeaderMirror(inputSchema: schema)
        let fields = mirror.fields(of: ["region": "eu", "page": 7, "options": ["dry": true], "free": "x"])
        #expect(fields.map(\.header) == ["Mcp-Param-Region", "Mcp-Param-Page", "Mcp-Param-Dry"])
        #expect(fields.map(\.value) == ["eu", "7", "true"])
        #expect(mirror.fields(of: ["region": nil, "free": "x"]).isEmpty)
    }

    @Test func aSchemaWithoutMarksHasNoFields() throws {
        #expect(
            try HeaderMirror(inputSchema: ["type": "object", "properties": ["x-mcp-header": ["type": "string"]]]).items
                .isEmpty)
    }

    @Test func comparesWhatWasReceived() throws {
        let mirror = try HeaderMirror(inputSchema: schema)
        let region = mirror.items[0]
        let page = mirror.items[1]
        #expect(mirror.agrees(region, received: "eu", arguments: ["region": "eu"]))
        #expect(!mirror.agrees(region, received: "us", arguments: ["region": "eu"]))
        #expect(!mirror.agrees(region, received: nil, arguments: ["region": "eu"]))
        #expect(!mirror.agrees(region, received: "eu", arguments: [:]))
        #expect(mirror.agrees(region, received: nil, arguments: [:]))
        #expect(mirror.agrees(page, received: "007", arguments: ["page": 7]))
        #expect(!mirror.agrees(page, received: "8", arguments: ["page": 7]))
    }

    @Test(
        "broken marks",
        arguments: [
            ["properties": ["a": ["type": "number", "x-mcp-header": "A"]]],
            ["properties": ["a": ["type": "string", "x-mcp-header": "A B"]]],
            ["properties": ["a": ["type": "string", "x-mcp-header": ""]]],
            ["properties": ["a": ["type": "string", "x-mcp-header": 1]]],
            [
                "properties": [
                    "a": ["type": "string", "x-mcp-header": "A"], "b": ["type": "string", "x-mcp-header": "a"],
                ]
            ],
            ["properties": ["a": ["type": "array", "items": ["type": "string", "x-mcp-header": "A"]]]],
            ["anyOf": [["properties": ["a": ["type": "string", "x-mcp-header": "A"]]]]],
            ["x-mcp-header": "A"],
        ] as [JSONValue])
    func areRefused(schema: JSONValue) {
        #expect(throws: HeaderMirror.Invalid.self) { try HeaderMirror(inputSchema: schema) }
    }
}
