import GateProtocol

/// Makes text from elsewhere safe to show: nothing in it can move the cursor, change its order or hide.
///
/// Names, descriptions and results come from servers that nobody checked. Written to a terminal as they are, they could
/// clear the screen, set the clipboard, or show other words than the ones that are there.
package enum SafeText {
    /// The text on one line: line breaks are escaped as well.
    package static func line(_ text: String) -> String { escape(text, keepingLineBreaks: false) }

    /// The text with its line breaks; tabs become spaces.
    package static func lines(_ text: String) -> String { escape(text, keepingLineBreaks: true) }

    private static func escape(_ text: String, keepingLineBreaks: Bool) -> String {
        var out = String.UnicodeScalarView()
        var scalars = Array(text.unicodeScalars)[...]
        while let scalar = scalars.popFirst() {
            switch scalar {
            case "\n" where keepingLineBreaks: out.append(scalar)
            case "\r" where keepingLineBreaks && scalars.first == "\n": continue
            case "\t" where keepingLineBreaks: out.append(contentsOf: "    ".unicodeScalars)
            case "\n": out.append(contentsOf: #"\n"#.unicodeScalars)
            case "\r": out.append(contentsOf: #"\r"#.unicodeScalars)
            case "\t": out.append(contentsOf: #"\t"#.unicodeScalars)
            case _ where HiddenCharacters.contains(scalar):
                let digits = String(scalar.value, radix: 16, uppercase: true)
                out.append(contentsOf: #"\u{\#(digits)}"#.unicodeScalars)
            default: out.append(scalar)
            }
        }
        return String(out)
    }
}
