import GateProtocol
import GateTerminal
import Testing

@testable import stonegate

/// How `stonegate approve` shows a tool, and which words mean one.
@Suite struct DefinitionReportTests {
    private static let digest = "sha256:" + String(repeating: "ab", count: 32)

    private static let tool: JSONValue = [
        "server": "files", "tool": "read", "change": "changed", "standing": "waiting", "hidden": true,
        "digest": .string(digest), "seen": "2026-11-25T21:00:00.000Z",
        "flags": [["kind": "hidden_characters", "path": "description", "words": "U+200B (cannot be seen)"]],
        "differences": [
            [
                "path": "description", "change": "changed", "before": "Reads a file.",
                "after": "Reads\u{200B} a\u{1B}[2J file.",
            ],
            ["path": "annotations", "change": "added", "after": ["readOnlyHint": true]],
            ["path": "title", "change": "removed", "before": "T"],
        ],
    ]

    @Test func itIsPlainWithoutColour() {
        let text = DefinitionReport(style: Style(isEnabled: false)).text(Self.tool)
        #expect(
            text == """
                files/read  changed, hidden from agents  since 2026-11-25T21:00:00.000Z  files/read@abababababab
                  ! hidden characters in description: U+200B (cannot be seen)
                  description
                    [-Reads-]{+Reads‹U+200B›+} [-a-]{+a‹U+001B›[2J+} file.
                  annotations (added)
                    {+{"readOnlyHint":true}+}
                  title (removed)
                    [-T-]
                """)
    }

    @Test func onATerminalItIsInColour() {
        let text = DefinitionReport(style: Style(isEnabled: true)).text(Self.tool)
        #expect(text.contains("\u{1B}[31mReads\u{1B}[0m") && text.contains("\u{1B}[32m"))
        #expect(!text.contains("\u{200B}") && !text.contains("\u{1B}[2J") && text.contains("\u{1B}[33m‹U+200B›"))
    }

    @Test func longStretchesThatAreTheSameAreCut() {
        let long = String(repeating: "word ", count: 200)
        let tool: JSONValue = [
            "differences": [
                [
                    "path": "description", "change": "changed", "before": .string("a \(long)z"),
                    "after": .string("b \(long)y"),
                ]
            ]
        ]
        let text = DefinitionReport(style: Style(isEnabled: false)).text(tool)
        #expect(text.contains("[-a-]{+b+}") && text.contains("[-z-]{+y+}") && text.contains(" … "))
        #expect(text.utf8.count < 400)
    }

    @Test func wordsMeanOneDefinition() {
        for (word, matches) in [
            ("files/read", true), ("files/read@ababab", true), ("@abababababab", true), ("files/read@ababa", false),
            ("files/write", false), ("files/read@ababac", false), ("other/read@ababab", false), ("@", false),
            ("read", false),
        ] {
            #expect(ToolSelector(word).matches(Self.tool) == matches, "\(word)")
        }
        #expect(ToolSelector.naming(Self.tool) == "files/read@abababababab")
        #expect(
            ToolSelector.naming(["server": "s", "tool": "re\u{430}d; rm", "digest": .string(Self.digest)])
                == "@abababababab")
    }
}
