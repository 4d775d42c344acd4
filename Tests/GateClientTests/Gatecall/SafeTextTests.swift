import GateTerminal
import Testing

/// What comes from servers is shown harmlessly.
@Suite struct SafeTextTests {
    @Test(arguments: [
        ("\u{1B}[2J", #"\u{1B}[2J"#),
        ("\u{1B}]52;c;aGk=\u{07}", #"\u{1B}]52;c;aGk=\u{7}"#),
        ("a\u{202E}b", #"a\u{202E}b"#),
        ("\u{E0041}", #"\u{E0041}"#),
        ("a\u{200B}b", #"a\u{200B}b"#),
        ("\u{2066}x\u{2069}", #"\u{2066}x\u{2069}"#),
        ("\u{9B}31m", #"\u{9B}31m"#),
        ("\0", #"\u{0}"#),
        ("\u{3164}", #"\u{3164}"#),
        ("\u{FEFF}", #"\u{FEFF}"#),
        ("a\r\nb\tc", #"a\r\nb\tc"#),
        ("Grüße, 世界 ✅ ❤️", "Grüße, 世界 ✅ ❤️"),
    ])
    func oneLine(text: String, shown: String) {
        #expect(SafeText.line(text).unicodeScalars.elementsEqual(shown.unicodeScalars))
    }

    @Test func severalLines() {
        #expect(SafeText.lines("a\r\nb\tc\u{1B}\rd") == #"a"# + "\n" + #"b    c\u{1B}\rd"#)
    }

    @Test func tableCellsAreSafeAndAligned() {
        var table = Table([.init("NAME"), .init("CALLS", .right), .init("ABOUT")])
        table.add(["世界", "7", "x\u{1B}[31m"])
        table.add(["ab", "1000", "a long description"])
        let style = Style(isEnabled: false)
        #expect(
            table.rendered(width: 28, style: style)
                == #"""
                NAME  CALLS  ABOUT
                世界      7  x\u{1B}[31m
                ab     1000  a long descript…
                """#)
    }

    @Test(arguments: [
        (true, [:], true), (false, [:], false), (true, ["NO_COLOR": "1"], false), (true, ["NO_COLOR": ""], true),
        (true, ["TERM": "dumb"], false),
    ])
    func colours(isTerminal: Bool, environment: [String: String], expected: Bool) {
        #expect(Style(isTerminal: isTerminal, environment: environment).isEnabled == expected)
    }
}
