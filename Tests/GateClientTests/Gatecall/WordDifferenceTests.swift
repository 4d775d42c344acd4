import GateTerminal
import Testing

@Suite struct WordDifferenceTests {
    private func text(_ before: String, _ after: String) -> String {
        WordDifference(before, after).parts.map { part in
            switch part.kind {
            case .same: part.text
            case .removed: "[-\(part.text)-]"
            case .added: "{+\(part.text)+}"
            }
        }.joined()
    }

    @Test func itIsByWords() {
        #expect(text("Reads a file.", "Reads a file.") == "Reads a file.")
        #expect(text("Reads a file.", "Reads the file.") == "Reads [-a-]{+the+} file.")
        #expect(text("Reads.", "Reads. And sends.") == "Reads.{+ And sends.+}")
        #expect(text("a b c d", "b c x d") == "[-a -]b c{+ x+} d")
        #expect(text("", "all") == "{+all+}")
        #expect(text("all", "") == "[-all-]")
        #expect(text("caf\u{E9}", "cafe\u{301}") == "[-caf\u{E9}-]{+cafe\u{301}+}", "other bytes")
        #expect(text("a b", "a\u{200B} b") == "[-a-]{+a\u{200B}+} b")
    }

    /// Both texts can be read out of it, whatever they are, and large ones take no time.
    @Test func bothTextsAreInIt() {
        let long = (0..<20_000).map { "w\($0 % 97)" }.joined(separator: " ")
        let other = (0..<20_000).map { "w\($0 % 89)" }.joined(separator: " ")
        for (before, after) in [("a\nb  c", "b\n\nc d"), ("x", "y"), (long, other), ("  ", " a ")] {
            let parts = WordDifference(before, after).parts
            #expect(parts.filter { $0.kind != .added }.map(\.text).joined() == before)
            #expect(parts.filter { $0.kind != .removed }.map(\.text).joined() == after)
        }
    }

    @Test func hiddenCharactersHaveNames() {
        #expect(VisibleText.lines("a\u{200B}b\n\tc\u{1B}[2J\u{E0041}") == "a‹U+200B›b\n    c‹U+001B›[2J‹U+E0041›")
    }
}
