import GateProtocol
import Testing

@Suite struct ValueTests {
    /// Compact text comes back byte for byte: numbers, order and spellings included.
    @Test(arguments: [
        "null", "true", "false", "0", "-0", "1.10", "1e2", "3.0", "1E+2", "1e400", "9007199254740993",
        "1234567890123456789012345678901234567890",
        #""""#, #""é😀""#, #""\n\"\\""#, "[]", "{}", #"{"b":1,"a":2,"":3}"#, #"[1,[2,[3,{}]],{"x":[]}]"#,
        "{\"K\":1,\"\u{212A}\":2}", "{\"cafe\u{301}\":1,\"caf\u{E9}\":2}",
    ])
    func textRoundTrip(_ text: String) throws {
        #expect(try JSONValue(parsing: text).bytes == Array(text.utf8))
    }

    @Test func writesCompactly() throws {
        #expect(
            try JSONValue(parsing: " { \"a\" : [ 1 , \"\\u00e9\\/\" ] ,\n\"b\":\tnull } ").text
                == #"{"a":[1,"é/"],"b":null}"#)
    }

    @Test(arguments: [
        #"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#, #"{"x":{"a":1,"a":1}}"#, #"[{"a":1,"a":1}]"#, #""\ud800""#,
        #"{"\udc00":1}"#, "[1,]", "", "01", "\u{FEFF}1", "{} {}",
    ])
    func refuses(_ text: String) {
        #expect(throws: JSONFault.self) { try JSONValue(parsing: text) }
    }

    @Test func faultsNameTheReason() {
        #expect(throws: JSONFault(.duplicateKey, at: 7)) { try JSONValue(parsing: #"{"a":1,"a":2}"#) }
        #expect(throws: JSONFault(.badEscape, at: 1)) { try JSONValue(parsing: #""\ud800""#) }
        #expect(JSONFault(.badNumber, at: 3).description == "a number is not written as JSON demands (at byte 3)")
    }

    @Test func equalityIsByBytes() {
        #expect(JSONValue.string("caf\u{E9}") != .string("cafe\u{301}"))
        #expect(JSONValue.string("\u{212A}") != .string("K"))
        #expect(JSONValue.number("1") != .number("1.0"))
        #expect(JSONValue.number("1") != .string("1"))
        #expect(JSONValue.array([["a": 1]]) == .array([["a": 1]]))
        #expect(JSONValue.object(JSONObject([("a", 1), ("b", 2)])) != .object(JSONObject([("b", 2), ("a", 1)])))
        #expect(JSONValue.null == .null && JSONValue.bool(true) != .bool(false) && JSONValue.null != .bool(false))
    }

    @Test func accessors() throws {
        let value = try JSONValue(
            parsing:
                #"{"s":"x","i":-7,"d":1.5,"b":true,"n":null,"a":[1],"o":{"k":1},"big":9223372036854775808,"e":1e2,"inf":1e400}"#
        )
        #expect(value["s"]?.stringValue == "x" && value["s"]?.intValue == nil && value["s"]?.doubleValue == nil)
        #expect(value["i"]?.intValue == -7 && value["i"]?.doubleValue == -7 && value["i"]?.stringValue == nil)
        #expect(value["d"]?.intValue == nil && value["d"]?.doubleValue == 1.5)
        #expect(value["b"]?.boolValue == true && value["i"]?.boolValue == nil)
        #expect(value["n"]?.isNull == true && value["b"]?.isNull == false)
        #expect(value["a"]?.arrayValue == [1] && value["o"]?.objectValue?.keys == ["k"])
        #expect(value["big"]?.intValue == nil && value["big"]?.doubleValue == 9_223_372_036_854_775_808)
        #expect(value["e"]?.intValue == nil && value["e"]?.doubleValue == 100)
        #expect(value["inf"]?.doubleValue == nil)
        #expect(value["absent"] == nil && value["s"]?["x"] == nil && value["a"]?["0"] == nil)
    }

    @Test func literals() {
        let value: JSONValue = ["s": "x", "i": 1, "d": 0.5, "b": true, "n": nil, "a": [1, "2"], "o": [:]]
        #expect(value.text == #"{"s":"x","i":1,"d":0.5,"b":true,"n":null,"a":[1,"2"],"o":{}}"#)
        #expect(JSONValue(5) == 5 && JSONValue("x") == "x" && JSONValue(false) == false)
        #expect(JSONValue(floatLiteral: .infinity) == .null && JSONValue(floatLiteral: .nan) == .null)
    }

    @Test(
        arguments: [
            (0, "0"), (1, "1"), (1.5, "1.5"), (0.0004, "0"), (0.0005, "0.001"), (-0.0001, "0"), (-2.25, "-2.25"),
            (1234.5678, "1234.568"), (1e14, "100000000000000"),
            (1e15, "null"), (-1e300, "null"), (.infinity, "null"), (.nan, "null"), (0.1 + 0.2, "0.3"),
        ] as [(Double, String)])
    func rounded(_ value: Double, _ text: String) {
        #expect(JSONValue(rounded: value).text == text)
        #expect(fault(JSONValue(rounded: value).bytes) == nil)
    }

    @Test func membersAreSetInPlaceAndKeepTheirOrder() {
        var object = JSONObject([("a", 1), ("b", 2)])
        object["c"] = 3
        object["a"] = "new"
        object["b"] = nil
        object["absent"] = nil
        #expect(JSONValue.object(object).text == #"{"a":"new","c":3}"#)
        object["caf\u{E9}"] = 1
        object["cafe\u{301}"] = 2
        #expect(object.keys.count == 4 && object["caf\u{E9}"] == 1 && !object.isEmpty && JSONObject().isEmpty)
    }

    /// 20,000 members and 150,000 elements are within the limits and cost no more than their number.
    @Test func largeValues() throws {
        let object = "{" + (0..<20_000).map { "\"k\($0)\":0" }.joined(separator: ",") + "}"
        #expect(try JSONValue(parsing: object).objectValue?.members.count == 20_000)
        let array = "[" + Array(repeating: "0", count: 150_000).joined(separator: ",") + "]"
        #expect(try JSONValue(parsing: array).arrayValue?.count == 150_000)
        #expect(throws: JSONFault.self) { try JSONValue(parsing: array, limits: JSONLimits(nodes: 1_000)) }
    }
}
