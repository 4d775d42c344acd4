import GateProtocol

/// Text from elsewhere with nothing hidden in it: each character that cannot be seen is shown by its name.
package enum VisibleText {
    /// - Parameter mark: makes the names stand out.
    package static func lines(_ text: String, mark: (String) -> String = { $0 }) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": out += "\n"
            case "\t": out += "    "
            case _ where HiddenCharacters.contains(scalar): out += mark("‹\(HiddenCharacters.name(scalar))›")
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
