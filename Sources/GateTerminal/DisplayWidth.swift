extension String {
    /// How many columns a terminal needs for the text.
    package var displayWidth: Int { reduce(0) { $0 + $1.displayWidth } }

    /// As much of the text as fits, with an ellipsis when something is left out.
    package func shortened(to width: Int) -> String {
        guard displayWidth > width else { return self }
        var out = ""
        var used = 0
        for character in self {
            guard used + character.displayWidth <= width - 1 else { break }
            out.append(character)
            used += character.displayWidth
        }
        return width > 0 ? out + "…" : ""
    }
}

extension Character {
    fileprivate var displayWidth: Int {
        guard let first = unicodeScalars.first else { return 0 }
        if first.properties.isEmojiPresentation || unicodeScalars.contains("\u{FE0F}") { return 2 }
        switch first.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
