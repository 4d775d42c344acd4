import GateProtocol
import Testing

/// RFC 8259 as a table, in the manner of JSONTestSuite.
@Suite struct GrammarTests {
    @Test(arguments: [
        // Numbers.
        "0", "-0", "1", "-1", "10", "123", "1.0", "0.0", "-0.0", "1.5", "1e1", "1E1", "1e+1", "1e-1", "1E+01", "0e0",
        "0E+0",
        "1.5e300", "1e400", "-1e-400", "123456789012345678901234567890", "0.00000000000000000000000000000000001",
        "1.10",
        // Literals.
        "null", "true", "false", " null", "true ", "\tfalse\n", "\r\n null \r\n",
        // Strings.
        #""""#, #"" ""#, #""a""#, #""\"""#, #""\\""#, #""\/""#, #""\b\f\n\r\t""#, #""\u0000""#, #""\u00e9""#,
        #""\u00E9""#,
        #""\uD83D\uDE00""#, #""\ud83d\ude00""#, "\"é\"", "\"😀\"", "\"\u{2028}\u{2029}\"", "\"\u{7F}\"", "\"\u{FEFF}\"",
        "\"\u{FFFF}\"", "\"\u{10FFFF}\"", "\"\u{D7FF}\u{E000}\"", #""/*not a comment*/""#, #""\\\"""#, #""\\u0000""#,
        // Half a surrogate pair is within RFC 8259's grammar; decoding it is what fails.
        #""\uD800""#, #""\uDC00\uD800""#,
        // Arrays.
        "[]", "[ ]", "[1]", "[1,2]", "[ 1 , 2 ]", "[[]]", "[[],[]]", "[[[1]],2]", "[null]", "[\"\"]", "[1\n,2]", "[{}]",
        "[true,false]",
        "[-0]", "[1e1]", "[\t]", "[0,0]",
        // Objects; the scanner leaves keys below the envelope to those who read them.
        "{}", "{ }", #"{"":0}"#, #"{"a":1}"#, #"{"a":1,"b":2}"#, #"{ "a" : 1 , "b" : 2 }"#, #"{"a":{}}"#, #"{"a":[]}"#,
        #"{"a":[{"b":null}]}"#, #"{"\u0061":1}"#, "{\"a\":\n1}", #"{"a":"}"}"#, #"{"a":"]"}"#, #"{"é":1}"#,
        #"{"a":1,"a":2}"#,
    ])
    func accepts(_ text: String) {
        #expect(fault(text) == nil)
    }

    @Test(arguments: [
        // Nothing, or not one value.
        "", " ", "\n", ",", ":", "1 2", "1,2", "[]]", "{}}", "[][]", "{}{}", "null null", #""a""b""#, "[]x", "{},",
        "[],", "1 x",
        // Numbers.
        "01", "00", "-01", "-", "--1", "+1", "1.", ".5", "-.5", "1e", "1e+", "1e-", "1E", "1.e1", "0.e1", ".e1", "1.5.",
        "1.2.3", "1e1.5", "1e1e1",
        "1+1", "1-1", "0x1", "0X1", "0b1", "1_000", "1a", "1d", "1f", "NaN", "-NaN", "nan", "Infinity", "-Infinity",
        "+Infinity", "inf", "-a",
        "1 000", "1,000", "１", "-１", "0 1", "[01]", "[1.]", "[-]", "[1e]", "[.1]", "[+1]",
        // Literals.
        "nul", "nulll", "Null", "NULL", "tru", "truee", "True", "TRUE", "fals", "falsee", "False", "undefined", "None",
        "nil", "t", "f", "n",
        "true1", "null_", "false.", "truefalse", "[nul]", "[true false]",
        // Strings.
        "\"", "\"a", "a\"", "a", "'a'", "`a`", "\"\\\"", #""\x00""#, #""\a""#, #""\v""#, #""\0""#, #""\'""#, #""\ ""#,
        #""\é""#, #""\u""#, #""\u1""#,
        #""\u12""#, #""\u123""#, #""\u123g""#, #""\uG000""#, #""\u 123""#, #""\u+123""#, #""\u-123""#, #""\U0041""#,
        #""\u{41}""#, #""\"#, #""\u00"#,
        "\"\n\"", "\"\t\"", "\"\r\"", "\"\0\"", "\"\u{1F}\"", "\"\u{1}\"", "\\u0061", #"\"a\""#,
        // Arrays.
        "[", "]", "[1", "[1,", "[,", "[,]", "[1,]", "[,1]", "[1,,2]", "[1 2]", "[1;2]", "[1:2]", "[}", "[1}", "[\"a\"",
        "[\"a", "[[]", "[[[", "[*]", "[a]",
        "[\"a\":1]", "[1,\n", "[1]1", "(1)", "[\u{B}1]", "[\u{C}1]", "[\u{A0}1]", "[\u{2060}]",
        // Objects.
        "{", "}", #"{"a""#, #"{"a":"#, #"{"a":1"#, #"{"a":1,"#, #"{"a":1,}"#, #"{,}"#, #"{,"a":1}"#, #"{"a"}"#,
        #"{"a",1}"#, #"{"a":}"#, #"{:1}"#, #"{"a"1}"#,
        #"{"a"::1}"#, #"{"a":1,,"b":2}"#, #"{"a":1 "b":2}"#, #"{a:1}"#, #"{'a':1}"#, #"{1:1}"#, #"{null:1}"#,
        #"{[]:1}"#, #"{"a":1]"#, #"{"a":1:2}"#, "{]", "{1}",
        #"{"a":1;"b":2}"#, #"{"a"=1}"#, #"{"a" "b"}"#, #"{"a":a}"#, #"{"a":"a}"#, #"{"a":1}#"#, #"{"\x":1}"#,
        "{\"a\n\":1}",
        // Comments and white space that JSON does not know.
        "//x\n1", "1//x", "/**/1", "1/**/", "#\n1", #"{"a":/*x*/1}"#, "\u{A0}1", "1\u{A0}", "\u{2028}1", "\u{B}1",
        "1\u{C}", "\u{0}1", "1\u{0}", "\u{85}1",
        "\u{200B}1", "1;", "<null>", "\u{FEFF}", "\u{FEFF}1", " \u{FEFF}1", "1\u{FEFF}", "é", "😀",
    ])
    func refuses(_ text: String) {
        #expect(fault(text) != nil)
    }

    @Test(
        arguments: [
            ("", .empty, 0), (" \n", .empty, 2), ("\u{FEFF}{}", .byteOrderMark, 0), ("[1", .unexpectedEnd, 2),
            ("[1,]", .unexpectedByte, 3),
            ("[01]", .badNumber, 2), ("1.", .badNumber, 2), (#""\x""#, .badEscape, 1),
            ("\"a\n\"", .controlCharacter, 2), ("{} 1", .trailingBytes, 3),
            ("{1:2}", .unexpectedByte, 1), ("-", .unexpectedEnd, 1), ("tru", .unexpectedEnd, 3),
            ("True", .unexpectedByte, 0),
        ] as [(String, JSONFault.Reason, Int)])
    func saysWhatAndWhere(_ text: String, _ reason: JSONFault.Reason, _ offset: Int) {
        #expect(fault(text) == JSONFault(reason, at: offset))
    }

    /// Only UTF-8, and only its shortest forms.
    @Test(
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xC2], [0xC2, 0x20], [0xC2, 0xC2], [0xDF, 0x7F],
            [0xE0, 0x80, 0x80],
            [0xE0, 0x9F, 0xBF], [0xE0, 0xA0], [0xE1, 0x80], [0xE2, 0x82], [0xE2, 0x28, 0xA1], [0xE2, 0x82, 0x28],
            [0xED, 0xA0, 0x80], [0xED, 0xAF, 0xBF],
            [0xED, 0xB0, 0x80], [0xED, 0xBF, 0xBF], [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80], [0xF0, 0x80, 0x80, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x90, 0x80],
            [0xF0, 0x9F, 0x98], [0xF0, 0x28, 0x8C, 0xBC], [0xF0, 0x90, 0x28, 0xBC], [0xF0, 0x90, 0x8C, 0x28],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80], [0xFE], [0xFF], [0xE9],
        ] as [[UInt8]])
    func refusesBadUTF8(_ bytes: [UInt8]) {
        #expect(fault([0x22] + bytes + [0x22])?.reason == .badUTF8, "\(shown(bytes))")
        // Cut off right behind the sequence, and outside of a string.
        #expect(fault([0x22] + bytes) != nil)
        #expect(fault(bytes) != nil)
        #expect(fault(Array("{\"".utf8) + bytes + Array("\":1}".utf8))?.reason == .badUTF8)
    }

    @Test func acceptsEveryScalarAndNoSurrogate() {
        for value in UInt32(0x80)...0x10FFFF where value < 0x3000 || value & 0x3F == 0 || value & 0xFF == 0xFF {
            if let scalar = Unicode.Scalar(value) {
                let bytes = [0x22] + Array(String(Character(scalar)).utf8) + [0x22]
                if fault(bytes) != nil { Issue.record("refused U+\(String(value, radix: 16))") }
            }
        }
    }

    @Test func refusesOtherEncodingsAndMarks() {
        let text = Array(#"{"a":1}"#.utf8)
        #expect(fault([0xEF, 0xBB, 0xBF] + text)?.reason == .byteOrderMark)
        #expect(fault([0xEF, 0xBB] + text) != nil)
        let little: [UInt8] = text.flatMap { [$0, 0] }
        let big: [UInt8] = text.flatMap { [0, $0] }
        for bytes: [UInt8] in [little, big, [0xFF, 0xFE] + little, [0xFE, 0xFF] + big] {
            #expect(fault(bytes) != nil, "\(shown(bytes))")
        }
    }

    @Test func refusesEveryBareControlCharacter() {
        for byte in UInt8(0)..<0x20 {
            #expect(fault([0x22, byte, 0x22])?.reason == .controlCharacter)
            #expect(fault([0x22, 0x61, 0x5C, byte, 0x22])?.reason == .badEscape)
        }
    }

    /// What may stand for a value's first byte, and after a backslash, is a closed set.
    @Test func oneByteTexts() {
        for byte in UInt8.min...UInt8.max {
            #expect((fault([byte]) == nil) == (0x30...0x39 ~= byte), "\(byte)")
            let escapes = Array(#""\/bfnrt"#.utf8)
            #expect((fault([0x22, 0x5C, byte, 0x22]) == nil) == escapes.contains(byte), "\(byte)")
            let space: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
            #expect((fault([0x5B, byte, 0x5D]) == nil) == (space.contains(byte) || 0x30...0x39 ~= byte), "\(byte)")
            #expect((fault([0x31, byte]) == nil) == (space.contains(byte) || 0x30...0x39 ~= byte), "\(byte)")
        }
    }
}
