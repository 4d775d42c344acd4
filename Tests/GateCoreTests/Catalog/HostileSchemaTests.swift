import GateProtocol
import GateTestKit
import Testing

@testable import GateCore

/// Schemas made to hurt. What the functions cost is bounded by the size of their input; that nothing traps or hangs is
/// seen here, and that clients get something harmless.
@Suite struct HostileSchemaTests {
    private func tool(_ schema: JSONValue) -> JSONValue {
        ["name": "t", "inputSchema": schema]
    }

    private func isDropped(_ check: ToolDefinitionCheck, _ part: String) -> Bool {
        if case .dropped(let reason) = check.outcome { reason.contains(part) } else { false }
    }

    @Test func aMillionBranches() {
        let schema: JSONValue = ["type": "object", "anyOf": .array(Array(repeating: [:], count: 1 << 20))]
        #expect(isDropped(ToolDefinitionCheck(tool(schema)), "more than 65536 bytes"))
        let (portable, repairs) = PortableSchema.rewrite(schema)
        #expect(portable == PortableSchema.empty && repairs == [.expansion])
    }

    @Test func tooManySubschemas() {
        let schema: JSONValue = ["type": "object", "anyOf": .array(Array(repeating: [:], count: 15_000))]
        #expect(isDropped(ToolDefinitionCheck(tool(schema)), "10000 subschemas"))
    }

    @Test func deepNesting() {
        func nested(_ depth: Int) -> JSONValue {
            (1..<depth).reduce(["type": "string"]) { inner, _ in ["type": "object", "properties": ["a": inner]] }
        }
        #expect(ToolDefinitionCheck(tool(nested(32))).outcome == .keep)
        #expect(isDropped(ToolDefinitionCheck(tool(nested(33))), "nested more than 32 deep"))
        let (portable, repairs) = PortableSchema.rewrite(nested(60))
        #expect(repairs == [.expansion])
        #expect(ToolDefinitionCheck(tool(portable)).outcome == .keep)
    }

    /// Each definition refers to the next one twice: written out, 2^60 schemas.
    @Test func doublingReferences() throws {
        var definitions = JSONObject()
        for index in 0..<60 {
            let next: JSONValue = ["$ref": .string("#/$defs/d\(index + 1)")]
            definitions["d\(index)"] = ["properties": ["a": next, "b": next]]
        }
        definitions["d60"] = ["type": "string"]
        let (portable, repairs) = PortableSchema.rewrite([
            "type": "object", "properties": ["x": ["$ref": "#/$defs/d0"]], "$defs": .object(definitions),
        ])
        #expect(repairs == [.expansion])
        #expect(writtenOut(portable, in: portable, budget: 2 * SchemaGraph.maxCount) != nil)
    }

    @Test func aChainOfReferencesAsLongAsTheSchema() throws {
        var definitions: [(String, JSONValue)] = (0..<1_500).map { ("d\($0)", ["$ref": .string("#/$defs/d\($0 + 1)")]) }
        definitions.append(("d1500", ["type": "string"]))
        let (portable, repairs) = PortableSchema.rewrite([
            "type": "object", "properties": ["x": ["$ref": "#/$defs/d0"]], "$defs": .object(JSONObject(definitions)),
        ])
        #expect(repairs == [.expansion])
        #expect(writtenOut(portable, in: portable, budget: 2 * SchemaGraph.maxCount) != nil)
    }

    /// Random references between random schemas: what is left can always be written out, and repairing it once more
    /// changes nothing.
    @Test(arguments: 0..<200 as Range<UInt64>)
    func randomGraphs(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...12, using: &random)
        func reference() -> JSONValue {
            let target = Int.random(in: -1...count, using: &random)
            let inner = Bool.random(using: &random) ? "/properties/p0" : ""
            return ["$ref": .string(target < 0 ? "#" : "#/$defs/d\(target)" + inner)]
        }
        let definitions = (0..<count).map { index in
            let properties = (0..<Int.random(in: 0...3, using: &random)).map { ("p\($0)", reference()) }
            return ("d\(index)", ["properties": .object(JSONObject(properties)), "items": reference()] as JSONValue)
        }
        let schema: JSONValue = [
            "type": "object", "properties": ["x": reference()], "$defs": .object(JSONObject(definitions)),
        ]
        let (portable, _) = PortableSchema.rewrite(schema)
        #expect(writtenOut(portable, in: portable, budget: 5_000) != nil, "seed \(seed): \(portable.text)")
        #expect(PortableSchema.rewrite(portable).repairs == [], "seed \(seed): \(portable.text)")
    }

    /// What a client does that writes references out: the number of schemas, or nil when it does not end in time.
    private func writtenOut(_ value: JSONValue, in root: JSONValue, budget: Int) -> Int? {
        var left = budget
        func visit(_ value: JSONValue, _ depth: Int) -> Bool {
            left -= 1
            guard left > 0, depth < 1_000 else { return false }
            switch value {
            case .object(let object):
                if case .string(let text)? = object["$ref"] {
                    guard let segments = SchemaPointer.segments(text) else { return false }
                    guard let target = segments.reduce(root, { $0?[$1] } as (JSONValue?, String) -> JSONValue?) else {
                        return false
                    }
                    return visit(target, depth + 1)
                }
                return object.members.allSatisfy { $0.key == "$defs" || visit($0.value, depth + 1) }
            case .array(let elements): return elements.allSatisfy { visit($0, depth + 1) }
            default: return true
            }
        }
        return visit(value, 0) ? budget - left : nil
    }

    /// Anything at all in place of a schema: no trap, and the result is stable.
    @Test(arguments: 0..<300 as Range<UInt64>)
    func randomValues(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let keys = [
            "type", "properties", "items", "anyOf", "allOf", "$ref", "$defs", "pattern", "patternProperties",
            "required",
            "minimum", "exclusiveMinimum", "enum", "not", "additionalProperties", "dependencies", "x",
        ]
        let texts = ["object", "string", "#", "#/properties/x", "http://x", "", "(", "null", "#/$defs/x/items"]
        func value(_ depth: Int) -> JSONValue {
            switch Int.random(in: 0..<(depth > 6 ? 4 : 8), using: &random) {
            case 0: return .bool(Bool.random(using: &random))
            case 1: return .null
            case 2: return 3
            case 3: return .string(texts.randomElement(using: &random) ?? "")
            case 4: return .array((0..<Int.random(in: 0..<3, using: &random)).map { _ in value(depth + 1) })
            default:
                let chosen = keys.shuffled(using: &random).prefix(Int.random(in: 0..<6, using: &random))
                return .object(JSONObject(chosen.map { ($0, value(depth + 1)) }))
            }
        }
        for _ in 0..<20 {
            let schema = value(0)
            let portable = PortableSchema.rewrite(schema).schema
            #expect(portable["type"] == "object" && portable["properties"]?.objectValue != nil)
            let again = PortableSchema.rewrite(portable)
            #expect(again.schema == portable && again.repairs == [], "\(schema.text)\n\(portable.text)")
            // A repair in one place leaves everything else as it was.
            var spoiled = portable.objectValue ?? JSONObject()
            spoiled["not"] = true
            var mended = spoiled
            mended["not"] = [:]
            #expect(PortableSchema.rewrite(.object(spoiled)).schema == .object(mended))
            _ = ToolDefinitionCheck(schema)
            _ = PortableSchema.rewrite(schema, role: .output)
        }
    }
}
