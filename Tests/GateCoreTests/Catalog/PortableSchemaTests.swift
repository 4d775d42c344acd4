import GateProtocol
import Testing

@testable import GateCore

@Suite struct PortableSchemaTests {
    private typealias Repair = PortableSchema.Repair

    private func rewrite(
        _ text: String, role: PortableSchema.Role = .input
    ) throws -> (text: String, repairs: [PortableSchema.Repair]) {
        let result = PortableSchema.rewrite(try JSONValue(parsing: text), role: role)
        return (result.schema.text, result.repairs)
    }

    /// A property's schema before and after.
    private func property(_ text: String) throws -> (text: String, repairs: [PortableSchema.Repair]) {
        let (out, repairs) = try rewrite(##"{"type":"object","properties":{"a":\##(text)}}"##)
        let head = ##"{"type":"object","properties":{"a":"##
        #expect(out.hasPrefix(head) && out.hasSuffix("}}"))
        return (String(out.dropFirst(head.count).dropLast(2)), repairs)
    }

    @Test(arguments: [
        ##"{"type":"object","properties":{}}"##,
        ##"{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"n":{"type":"number","minimum":1.10,"exclusiveMaximum":1e2}},"additionalProperties":false,"required":["n"]}"##,
        ##"{"properties":{"a":{"anyOf":[{"$ref":"#/$defs/M"},{"type":"null"}],"default":null}},"$defs":{"M":{"type":"object","properties":{"x":{"type":"string","pattern":"^[a-z]+$"}}}},"type":"object","title":"x"}"##,
        ##"{"type":"object","properties":{"type":{"type":"string"},"$ref":{"type":"string"},"pattern":{"enum":[true,null]}}}"##,
        ##"{"type":"object","properties":{"a":{"const":true,"default":{"$ref":"http://x"},"examples":[true],"x-any":{"type":"wrong"}}}}"##,
        ##"{"type":"object","properties":{"a":{"items":{"type":"string"},"type":"array"},"b~/%":{"$ref":"#/properties/a/items"},"c":{"$ref":"#/properties/b~0~1%25"}}}"##,
    ])
    func whatIsPortableStaysAsItIs(schema: String) throws {
        let (text, repairs) = try rewrite(schema)
        #expect(text == schema && repairs == [])
    }

    @Test(
        arguments: [
            (##"{}"##, ##"{"type":"object","properties":{}}"##, [.rootType, .properties]),
            (##"true"##, ##"{"type":"object","properties":{}}"##, [.notASchema]),
            (##"{"type":"object"}"##, ##"{"type":"object","properties":{}}"##, [.properties]),
            (##"{"type":"object","properties":null}"##, ##"{"type":"object","properties":{}}"##, [.properties]),
            (##"{"type":["object","null"],"properties":{}}"##, ##"{"type":"object","properties":{}}"##, [.rootType]),
            (##"{"properties":{}}"##, ##"{"type":"object","properties":{}}"##, [.rootType]),
            (
                ##"{"anyOf":[{"properties":{"a":{"type":"string"}}},{"$ref":"#/$defs/B"}],"$defs":{"B":{"properties":{"b":{},"a":{}}}}}"##,
                ##"{"type":"object","anyOf":[{"properties":{"a":{"type":"string"}}},{"$ref":"#/$defs/B"}],"$defs":{"B":{"properties":{"b":{},"a":{}}}},"properties":{"a":{"type":"string"},"b":{}}}"##,
                [.rootType, .properties]
            ),
            (
                ##"{"$ref":"#/definitions/In","definitions":{"In":{"type":"object","properties":{"q":{"type":"string"}},"required":["q"]}}}"##,
                ##"{"definitions":{"In":{"type":"object","properties":{"q":{"type":"string"}},"required":["q"]}},"type":"object","properties":{"q":{"type":"string"}},"required":["q"]}"##,
                [.rootReference]
            ),
            (##"{"$ref":"#"}"##, ##"{"type":"object","properties":{}}"##, [.rootType, .properties, .recursion]),
            (
                ##"{"$ref":"https://x/y"}"##, ##"{"type":"object","properties":{}}"##,
                [.rootType, .properties, .foreignReference]
            ),
        ] as [(String, String, [PortableSchema.Repair])])
    func theRootBecomesAnObject(schema: String, expected: String, repairs: [PortableSchema.Repair]) throws {
        let result = try rewrite(schema)
        #expect(result.text == expected)
        #expect(result.repairs == repairs)
    }

    @Test(
        arguments: [
            (##"true"##, ##"{}"##, .booleanSchema), (##"false"##, ##"{}"##, .booleanSchema),
            (##"7"##, ##"{}"##, .notASchema),
            (##"{"items":true}"##, ##"{"items":{}}"##, .booleanSchema),
            (##"{"anyOf":[true,{"type":"null"}]}"##, ##"{"anyOf":[{},{"type":"null"}]}"##, .booleanSchema),
            (
                ##"{"type":["string","null"],"default":null}"##,
                ##"{"anyOf":[{"type":"string"},{"type":"null"}],"default":null}"##, .typeList
            ),
            (##"{"type":["array","null"],"items":{}}"##, ##"{"type":"array","items":{}}"##, .typeList),
            (##"{"type":["string","null"],"anyOf":[{}]}"##, ##"{"type":"string","anyOf":[{}]}"##, .typeList),
            (##"{"type":["string","number"],"anyOf":[{}]}"##, ##"{"anyOf":[{}]}"##, .typeList),
            (##"{"type":["string"]}"##, ##"{"type":"string"}"##, .typeList), (##"{"type":[]}"##, ##"{}"##, .typeList),
            (##"{"type":["any",3,"null"]}"##, ##"{"type":"null"}"##, .typeList),
            (##"{"type":"any","title":"t"}"##, ##"{"title":"t"}"##, .unknownType),
            (##"{"type":{}}"##, ##"{}"##, .unknownType),
            (##"{"$ref":"https://canary/s.json","description":"d"}"##, ##"{"description":"d"}"##, .foreignReference),
            (##"{"$ref":"other.json#/a"}"##, ##"{}"##, .foreignReference),
            (##"{"$dynamicRef":"#m"}"##, ##"{}"##, .foreignReference),
            (##"{"$ref":"#/$defs/none"}"##, ##"{}"##, .brokenReference),
            (##"{"$ref":"#anchor"}"##, ##"{}"##, .brokenReference),
            (##"{"$ref":5}"##, ##"{}"##, .brokenReference), (##"{"$ref":"#"}"##, ##"{}"##, .recursion),
            (##"{"$ref":"#/properties/a"}"##, ##"{}"##, .recursion),
            (##"{"pattern":"(","type":"string"}"##, ##"{"type":"string"}"##, .pattern),
            (##"{"patternProperties":{"[":{},"^x":{}}}"##, ##"{"patternProperties":{"^x":{}}}"##, .pattern),
            (##"{"minimum":0,"exclusiveMinimum":true}"##, ##"{"exclusiveMinimum":0}"##, .exclusiveLimit),
            (##"{"exclusiveMaximum":false,"maximum":9}"##, ##"{"maximum":9}"##, .exclusiveLimit),
            (##"{"exclusiveMaximum":true}"##, ##"{}"##, .exclusiveLimit),
            (##"{"required":true}"##, ##"{}"##, .malformedKeyword), (##"{"enum":"x"}"##, ##"{}"##, .malformedKeyword),
            (##"{"anyOf":[]}"##, ##"{}"##, .malformedKeyword), (##"{"properties":[]}"##, ##"{}"##, .malformedKeyword),
        ] as [(String, String, PortableSchema.Repair)])
    func eachConstructIsRepaired(schema: String, expected: String, repair: PortableSchema.Repair) throws {
        let result = try property(schema)
        #expect(result.text == expected)
        #expect(result.repairs == [repair])
    }

    @Test func recursionIsCutWhereItCloses() throws {
        let (text, repairs) = try rewrite(
            ##"{"type":"object","properties":{"n":{"$ref":"#/$defs/A"}},"$defs":{"A":{"properties":{"b":{"$ref":"#/$defs/B"}}},"B":{"properties":{"a":{"$ref":"#/$defs/A"},"c":{"$ref":"#/$defs/C"}}},"C":{"type":"string"}}}"##
        )
        #expect(repairs == [.recursion])
        #expect(
            text
                == ##"{"type":"object","properties":{"n":{"$ref":"#/$defs/A"}},"$defs":{"A":{"properties":{"b":{"$ref":"#/$defs/B"}}},"B":{"properties":{"a":{},"c":{"$ref":"#/$defs/C"}}},"C":{"type":"string"}}}"##
        )
    }

    @Test func outputSchemasKeepAllButDangerousReferences() throws {
        let schema = ##"{"properties":{"a":true,"b":{"$ref":"#"},"c":{"type":["string","null"]},"d":7}}"##
        #expect(try rewrite(schema, role: .output) == (schema, []))
        let (text, repairs) = try rewrite(##"{"properties":{"a":{"$ref":"http://x/y"}}}"##, role: .output)
        #expect(text == ##"{"properties":{"a":{}}}"## && repairs == [.foreignReference])
    }

    @Test(arguments: [
        ("^[a-z]+$", true), ("^\\d{3}-\\d{4}$", true), ("(?:a|b)*?", true), ("a{2,}", true), ("[^\\s/]+", true),
        ("(a)\\1", true), ("[a-zA-Z0-9_.-]", true), ("\\u00e9", true), ("^(?=x)(?!y)", true), ("", true),
        ("[-a]", true),
        ("\u{E9}+", true), ("a\\/b", true), ("(", false), (")", false), ("[", false), ("[]", false), ("*a", false),
        ("a**", false), ("a{2}{3}", false), ("a{3,2}", false), ("a{", false), ("\\", false), ("\\p{L}", false),
        ("(?<n>a)", false), ("(?i)a", false), ("\\Z", false), ("[z-a]", false), ("[\\w-z]", false), ("\\2(a)", false),
        ("^*", false), ("a++", false), ("(?<=a)b", false), ("\\u12", false), ("[[:alpha:]]", false), ("a}", false),
        (String(repeating: "(", count: 500) + String(repeating: ")", count: 500), false),
        (String(repeating: "a", count: 1_025), false),
    ])
    func patterns(pattern: String, isPortable: Bool) {
        #expect(PatternSyntax.isPortable(pattern) == isPortable)
    }
}
