import Testing

@testable import GateCore

@Suite struct ToolPatternTests {
    @Test(arguments: [
        ("*", "anything", true), ("*", "", true), ("read_*", "read_file", true), ("read_*", "read_", true),
        ("read_*", "Read_file", false), ("*_file", "read_file", true), ("*_file", "read_files", false),
        ("?", "a", true), ("?", "", false), ("?", "ab", false), ("?", "\u{E9}", true), ("??", "\u{E9}", false),
        ("a*b*c", "a1b2b3c", true), ("a*b*c", "a1c", false), ("**", "x", true), ("a**b", "ab", true),
        ("[a]", "a", false), ("[a]", "[a]", true), ("a.c", "abc", false), ("alpha/*", "x", true),
        ("alpha/x", "x", true), ("beta/*", "x", false), ("*/x", "x", true), ("a/b", "a/b", true),
        ("caf\u{E9}", "cafe\u{301}", false), ("*\u{301}", "cafe\u{301}", true), ("*?", "", false), ("*?b", "aab", true),
    ])
    func matches(pattern: String, tool: String, expected: Bool) throws {
        #expect(try ToolPattern(pattern).matches(server: "alpha", tool: tool) == expected)
    }

    @Test func badPatternsSayWhy() {
        #expect(throws: ToolPattern.Invalid.empty) { try ToolPattern("") }
        #expect(throws: ToolPattern.Invalid.tooLong(bytes: 257)) { try ToolPattern(String(repeating: "*", count: 257)) }
    }

    @Test func theWorstPatternIsCheap() throws {
        let pattern = try ToolPattern(String(repeating: "*a", count: 127) + "b")
        #expect(!pattern.matches(server: "s", tool: String(repeating: "a", count: 10_000)))
    }

    @Test(arguments: [
        ([], [], "x", true), (["read_*"], [], "read_x", true), (["read_*"], [], "write_x", false),
        ([], ["write_*"], "read_x", true), ([], ["write_*"], "write_x", false),
        (["*"], ["alpha/x"], "x", false), (["alpha/x"], ["beta/x"], "x", true),
    ])
    func denyWinsAndAnEmptyAllowListAllows(allow: [String], deny: [String], tool: String, expected: Bool) throws {
        let filter = ToolFilter(
            allow: try allow.map { try ToolPattern($0) }, deny: try deny.map { try ToolPattern($0) })
        #expect(filter.permits(server: "alpha", tool: tool) == expected)
    }
}
