/// Characters that cannot be seen, or that change how those around them are seen.
package enum HiddenCharacters {
    /// Whether a character is one of them. Line breaks and tabs are, too: whoever allows them says so.
    package static func contains(_ scalar: Unicode.Scalar) -> Bool {
        if (0x20...0x7E).contains(scalar.value) { return false }
        // The two selectors that choose between the forms of an emoji.
        if scalar == "\u{FE0E}" || scalar == "\u{FE0F}" { return false }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .lineSeparator, .paragraphSeparator: return true
        default: return scalar.properties.isDefaultIgnorableCodePoint || scalar == "\u{2800}"
        }
    }

    /// What a hidden character does, in words.
    package static func effect(_ scalar: Unicode.Scalar) -> String {
        switch scalar.value {
        case 0x1B, 0x9B: "begins a terminal escape"
        case 0..<0x20, 0x7F..<0xA0: "control character"
        case 0x202A...0x202E, 0x2066...0x2069, 0x200E, 0x200F, 0x061C: "changes the direction of text"
        case 0xE0000...0xE007F: "hidden text in tag characters"
        case 0xFE00...0xFE0F, 0xE0100...0xE01EF: "variation selector"
        default: "cannot be seen"
        }
    }

    /// `U+200B`.
    package static func name(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }

    /// The text that characters of the tags block spell for a model, while people see nothing; nil when there is none.
    package static func tagged(_ text: String) -> String? {
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where (0xE0020...0xE007E).contains(scalar.value) {
            if let plain = Unicode.Scalar(scalar.value - 0xE0000) { out.append(plain) }
        }
        return out.isEmpty ? nil : String(out)
    }
}
