import GateProtocol
import Testing

@testable import GateCore

@Suite struct ToolDefinitionCheckTests {
    private func check(_ text: String) throws -> ToolDefinitionCheck {
        ToolDefinitionCheck(try JSONValue(parsing: text))
    }

    @Test(arguments: [
        #"{"name":"t","inputSchema":{"type":"object","properties":{}}}"#,
        #"{"name":"t","title":"T","description":"d","inputSchema":{"type":"object","properties":{}},"annotations":{"readOnlyHint":true},"outputSchema":{"type":"object"},"_meta":{"a":null},"x":1}"#,
    ])
    func goodOnesAreKept(tool: String) throws {
        let result = try check(tool)
        #expect(result.outcome == .keep && result.name == "t" && result.definition.text == tool)
        #expect(!result.stripsOutputSchemaForLegacy)
    }

    @Test(arguments: [
        (#"[]"#, "not an object"), (#"{}"#, "no name"), (#"{"name":7}"#, "no name"), (#"{"name":""}"#, "no name"),
        (#"{"name":"\#(String(repeating: "n", count: 129))"}"#, "129 bytes"),
        (#"{"name":"t","inputSchema":{"x":"\#(String(repeating: "n", count: 65_537))"}}"#, "more than 65536 bytes"),
    ])
    func hopelessOnesAreDropped(tool: String, part: String) throws {
        guard case .dropped(let reason) = try check(tool).outcome else { Issue.record("not dropped"); return }
        #expect(reason.contains(part))
    }

    @Test(arguments: [
        (#"{"name":"t"}"#, #"{"name":"t","inputSchema":{"type":"object","properties":{}}}"#),
        (#"{"name":"t","inputSchema":null}"#, #"{"name":"t","inputSchema":{"type":"object","properties":{}}}"#),
        (#"{"name":"t","inputSchema":{}}"#, #"{"name":"t","inputSchema":{"type":"object","properties":{}}}"#),
        (
            #"{"name":"t","title":null,"description":3,"annotations":{"title":null,"readOnlyHint":1,"idempotentHint":"x"},"icons":{},"outputSchema":true,"inputSchema":{"type":"object","properties":{}}}"#,
            #"{"name":"t","annotations":{"readOnlyHint":true},"inputSchema":{"type":"object","properties":{}}}"#
        ),
        (
            #"{"name":"t","annotations":[],"_meta":null,"inputSchema":{"type":"object","properties":{}},"outputSchema":{"type":"object","properties":{"a":{"$ref":"http://x"}}}}"#,
            #"{"name":"t","inputSchema":{"type":"object","properties":{}},"outputSchema":{"type":"object","properties":{"a":{}}}}"#
        ),
    ])
    func othersAreRepaired(tool: String, expected: String) throws {
        let result = try check(tool)
        #expect(result.definition.text == expected)
        guard case .repaired(let reasons) = result.outcome else { Issue.record("not repaired"); return }
        #expect(!reasons.isEmpty)
        #expect(ToolDefinitionCheck(result.definition).outcome == .keep)
    }

    @Test func longDescriptionsAreCutBetweenCharacters() throws {
        let long = String(repeating: "a", count: 16_383) + "\u{E9}\u{E9}"
        let result = ToolDefinitionCheck([
            "name": "t", "description": .string(long), "inputSchema": PortableSchema.empty,
        ])
        #expect(result.definition["description"] == .string(String(repeating: "a", count: 16_383)))
    }

    @Test func outputSchemasOfOtherTypesAreForModernClientsOnly() throws {
        let result = try check(
            #"{"name":"t","inputSchema":{"type":"object","properties":{}},"outputSchema":{"type":"array"}}"#)
        #expect(result.outcome == .keep && result.stripsOutputSchemaForLegacy)
    }
}
