import GateProtocol
import Testing

@Suite struct StringTests {
    private func decode(_ content: String) -> String? {
        Array(content.utf8).withUnsafeBytes { JSONString.decode($0).map { String(decoding: $0, as: UTF8.self) } }
    }

    @Test(arguments: [
        ("", ""), ("abc", "abc"), (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{C}\n\r\t"), (#"\u0041\u0000"#, "A\0"),
        (#"\u00e9\u00E9é"#, "ééé"),
        (#"\u20AC"#, "€"), (#"\uFFFF"#, "\u{FFFF}"), (#"\uD83D\uDE00"#, "😀"), (#"\ud800\udc00"#, "\u{10000}"),
        (#"\udbff\udfff"#, "\u{10FFFF}"),
        (#"\ud7ff\ue000"#, "\u{D7FF}\u{E000}"), (#"\\u0041"#, #"\u0041"#), (#"x\u0061y"#, "xay"),
    ])
    func decodes(_ content: String, _ expected: String) throws {
        #expect(try #require(decode(content)).utf8.elementsEqual(expected.utf8))
    }

    @Test(arguments: [
        #"\ud800"#, #"\udc00"#, #"\ud800x"#, #"\ud800\n"#, #"\ud800\u0041"#, #"\ud800\ud800"#, #"\udc00\ud800"#,
        #"\uD83D\u"#, #"\uD83D\uDE0"#,
        #"\"#, #"\u"#, #"\u00"#, #"\u00g0"#, #"a\ud83d\\ude00"#,
    ])
    func refuses(_ content: String) {
        #expect(decode(content) == nil)
    }

    @Test func encodesOnlyWhatItMust() {
        #expect(
            String(decoding: JSONString.encode("a\"\\/\n\r\t\u{8}\u{1F}\0é😀\u{7F}\u{2028}"), as: UTF8.self)
                == "\"a\\\"\\\\/\\n\\r\\t\\u0008\\u001f\\u0000é😀\u{7F}\u{2028}\"")
        #expect(JSONString.encode("") == [0x22, 0x22])
    }

    @Test func everyScalarSurvivesARoundTrip() {
        for value in UInt32(0)...0x10FFFF where value < 0x900 || value & 0x7F < 2 || value & 0xFFF >= 0xFFE {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let string = "a" + String(Character(scalar)) + "b"
            let encoded = JSONString.encode(string)
            let units = string.utf16.map { unit in
                "\\u" + String(repeating: "0", count: 4 - String(unit, radix: 16).count) + String(unit, radix: 16)
            }
            let plain = encoded[1..<encoded.count - 1].withUnsafeBytes { JSONString.decode($0) }
            if fault(encoded) != nil || plain != Array(string.utf8)
                || decode(units.joined())?.utf8.elementsEqual(string.utf8) != true
            {
                Issue.record("U+\(String(value, radix: 16))")
            }
        }
    }

    @Test func rangesAreComparedAsBytes() {
        Array("name".utf8).withUnsafeBytes { text in
            #expect(JSONString.equal(text, 0..<4, "name"))
            #expect(JSONString.equal(text, 1..<3, "am"))
            #expect(JSONString.equal(text, 2..<2, ""))
            #expect(!JSONString.equal(text, 0..<4, "Name"))
            #expect(!JSONString.equal(text, 0..<3, "name"))
            #expect(!JSONString.equal(text, 2..<6, "me__"), "beyond the text")
        }
    }

    @Test(
        arguments: [("", 0xCBF2_9CE4_8422_2325), ("a", 0xAF63_DC4C_8601_EC8C), ("foobar", 0x8594_4171_F739_67E8)]
            as [(String, UInt64)])
    func stableHash(_ text: String, _ hash: UInt64) {
        #expect(StableHash.fnv1a(text.utf8) == hash)
    }
}
