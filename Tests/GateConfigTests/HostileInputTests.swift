import Testing

@testable import GateConfig

/// Whatever the bytes are: one clear problem, never a trap.
@Suite struct HostileInputTests {
    static let syntax: [Case] = [
        Case("port = ", "c.toml:1:"), Case("= 1", "c.toml:1:"), Case("[server", "c.toml:1:"),
        Case("[server]\nport = 1\nport = 2", "c.toml:3:"), Case("[server]\n[server]", "c.toml:2:"),
        Case("a = \"x", "c.toml:1:"), Case("a = '''x", "c.toml:1:"), Case("a = [1, 2", "c.toml:1:"),
        Case("a = {b = 1", "c.toml:1:"), Case("a = 9223372036854775808", "c.toml:1:"),
        Case("a = -9223372036854775809", "c.toml:1:"), Case("a = 0x1ffffffffffffffff", "c.toml:1:"),
        Case("a = 1e", "c.toml:1:"), Case("a = 1 b = 2", "c.toml:1:"), Case("a = 01", "c.toml:1:"),
        Case("a.b = 1\na.b.c = 2", "c.toml:2:"), Case("[[a]]\n[a]", "c.toml:2:"), Case("a = \"\\q\"", "c.toml:1:"),
        Case("a = \"\\ud800\"", "c.toml:1:"), Case("\u{1}", "c.toml:1:"), Case("é = 1", "c.toml:1:"),
        Case("a = \u{2028}", "c.toml:1:"), Case("[[backends]]\nname = a", "c.toml:2:"), Case("\r", "c.toml:1:"),
        Case("a = 2021-13-45", "c.toml:1:"), Case("a = {b=1,}", "c.toml:1:"), Case("\"\"\"a\"\"\" = 1", "c.toml:1:"),
    ]

    @Test(arguments: syntax) func syntaxErrorHasItsPlace(_ test: Case) {
        let found = problems(test.text)
        #expect(found.count == 1)
        #expect(found.first?.utf8.starts(with: test.expected[0].utf8) == true, "\(found)")
    }

    @Test func tooLargeFile() {
        let found = problems(bytes: Array(repeating: UInt8(ascii: "#"), count: TOMLReader.maxBytes + 1))
        #expect(found == ["c.toml: the file is larger than 1 MiB, the most that a configuration may have"])
        #expect(problems(bytes: Array(repeating: UInt8(ascii: "#"), count: TOMLReader.maxBytes)) == [])
    }

    @Test func nulAndInvalidUTF8() {
        #expect(problems(bytes: Array("a = 1\nb\0 = 2".utf8)) == ["c.toml:2:2: the file holds a NUL byte"])
        #expect(problems(bytes: Array("é = 1\nab".utf8) + [0xFF]) == ["c.toml:2:3: the file is not valid UTF-8"])
        #expect(problems(bytes: [0xC3]) == ["c.toml:1:1: the file is not valid UTF-8"])
        #expect(problems(bytes: [0xED, 0xA0, 0x80]) == ["c.toml:1:1: the file is not valid UTF-8"])
        #expect(problems(bytes: [0xFF, 0xFE, 0x61, 0]).count == 1)
        for escape in [#""\u0000""#, #""a\U00000000""#, "\"\"\"\nx\\u0000\"\"\""] {
            let found = problems("[license]\nkey_file = " + escape)
            #expect(found.first?.contains("strings must not hold the character U+0000") == true, "\(found)")
        }
        #expect(problems("[license]\n\"key_file\\u0000x\" = \"k\"").first?.contains("U+0000") == true)
        #expect(problems("[server]\nallowed_hosts = ['a\\u0000']").first?.contains("no host name") == true)
    }

    static let nesting: [(String, @Sendable (Int) -> String)] = [
        ("arrays", { "a = " + String(repeating: "[", count: $0) + String(repeating: "]", count: $0) }),
        ("open arrays", { "a = " + String(repeating: "[", count: $0) }),
        ("inline tables", { "a = " + String(repeating: "{a=", count: $0) + "1" + String(repeating: "}", count: $0) }),
        ("dotted keys", { "a" + String(repeating: ".a", count: $0) + " = 1" }),
        ("header", { "[a" + String(repeating: ".a", count: $0) + "]" }),
        ("array header", { "[[a" + String(repeating: ".a", count: $0) + "]]" }),
        ("dotted keys after a broken line", { "b = \nc" + String(repeating: ".a", count: $0) + " = 1" }),
        ("dotted keys after a broken value", { "b = ! a" + String(repeating: ".a", count: $0) + " = 1\n[a\n" }),
        ("dotted keys in inline tables", { "a = {" + String(repeating: "a.", count: $0) + "a = 1}" }),
    ]

    @Test(arguments: nesting.indices, [65, 510, 100_000, 300_000])
    func deepNesting(_ index: Int, depth: Int) {
        let text = Self.nesting[index].1(depth)
        let found = problems(text)
        #expect(found.count == 1)
        #expect(found.first?.utf8.starts(with: "c.toml:".utf8) == true)
    }

    @Test func nestingUpToTheCapIsRead() {
        let text = "[server]\nport = " + String(repeating: "[", count: 62) + String(repeating: "]", count: 62)
        #expect(problems(text) == ["c.toml:2:1: server.port: must be a whole number, not an array"])
    }

    @Test func wideFiles() {
        let tables = String(repeating: "[[backends]]\n", count: 60_000)
        #expect(problems(tables).count == ConfigProblems.limit)
        let keys = (0..<60_000).map { "k\($0) = 1\n" }.joined()
        #expect(problems(keys).count == ConfigProblems.limit)
        let elements = "[server]\nallowed_hosts = [" + String(repeating: "\"a\",", count: 200_000) + "]"
        #expect(problems(elements) == [])
    }

    /// Every prefix and every file with one byte changed of a rich file: answers, whatever they are, never a trap.
    @Test func truncatedAndDamagedFiles() {
        let text = """
            [server] # é
            port = 4_000
            allowed_hosts = ["a", 'b', \"""c\""", '''d''']
            [[backends]]
            name = "x"
            command = "\\u00e9${HOME}"
            env = { A = "1", "B.c" = '2' }
            tools.allow = [ "*", # all
            ]
            when = 1979-05-27T07:32:00Z
            f = -1.5e+3
            """
        let bytes = Array(text.utf8)
        for end in bytes.indices { _ = problems(bytes: Array(bytes[..<end])) }
        for index in bytes.indices {
            for byte in [0x00, 0x22, 0x27, 0x5B, 0x5D, 0x7B, 0x7D, 0x2E, 0x3D, 0x0A, 0x0D, 0x5C, 0xC3, 0xFF] as [UInt8]
            {
                var damaged = bytes
                damaged[index] = byte
                _ = problems(bytes: damaged)
            }
        }
    }

    /// Texts put together at random from pieces that are TOML or nearly so.
    @Test func randomTexts() {
        let pieces = [
            "[", "]", "[[", "]]", "{", "}", "=", ",", ".", "\n", "\r\n", " ", "\t", "#", "\"", "'", "\"\"\"", "'''",
            "\\", "a",
            "b = 1\n", "a.b", "\"x\"", "'y'", "\\u00e9", "\\ud800", "\\U0010ffff", "\\U00110000", "\\u12", "0", "1_0",
            "0x1f", "0b2",
            "1e5", "1e400", "-inf", "nan", "1979-05-27", "1979-13-40", "T07:32:00", " 25:61:61",
            "07:32:00.123456789012", "+25:61",
            "Z", "true", "fals", "é", "\u{FEFF}", "\u{1}", "[a]\n", "[[a]]\n", "[a.b]\n", "a = [1, [2]]\n",
            "a = {b = 1}\n",
            "99999999999999999999", "-9223372036854775808", "server", "backends", "name", "port",
        ]
        var generator = Linear(state: 77_123)
        for _ in 0..<3_000 {
            let text = (0..<Int(generator.next() % 14 + 1)).map { _ in
                pieces[Int(generator.next() % UInt64(pieces.count))]
            }
            _ = problems(text.joined())
        }
    }

    struct Linear: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
    }
}
