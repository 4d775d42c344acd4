import GateProtocol

/// Finds characters in a text that people do not see.
enum HiddenText {
    private static let mostNamed = 5
    private static let mostTagged = 200

    /// - Returns: which there are and what they do; nil when there are none.
    static func words(_ text: String) -> String? {
        // Nearly all texts are plain ASCII.
        if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) || (0x09...0x0A).contains($0) || $0 == 0x0D }) {
            return nil
        }
        let scalars = Array(text.unicodeScalars)
        var counts: [Unicode.Scalar: Int] = [:]
        for (index, scalar) in scalars.enumerated() where isHidden(scalar, at: index, in: scalars) {
            counts[scalar, default: 0] += 1
        }
        guard !counts.isEmpty else { return nil }
        let sorted = counts.keys.sorted { $0.value < $1.value }
        var names = sorted.prefix(mostNamed).map { scalar in
            let times = counts[scalar, default: 1]
            return HiddenCharacters.name(scalar) + (times > 1 ? " ×\(times)" : "")
                + " (\(HiddenCharacters.effect(scalar)))"
        }
        if sorted.count > mostNamed { names.append("\(sorted.count - mostNamed) other kinds") }
        let tagged = HiddenCharacters.tagged(text).map { ", which spell \"\($0.prefix(bytes: mostTagged))\"" } ?? ""
        return names.joined(separator: ", ") + tagged
    }

    private static func isHidden(_ scalar: Unicode.Scalar, at index: Int, in scalars: [Unicode.Scalar]) -> Bool {
        guard HiddenCharacters.contains(scalar), scalar != "\n", scalar != "\t", scalar != "\r" else { return false }
        // Joiners are how emoji of several parts, and words of some scripts, are written.
        guard scalar == "\u{200C}" || scalar == "\u{200D}", index > 0, index + 1 < scalars.count else { return true }
        return !(isJoined(scalars[index - 1]) && isJoined(scalars[index + 1]))
    }

    private static func isJoined(_ scalar: Unicode.Scalar) -> Bool {
        // From Hebrew to Khmer: the scripts whose letters join or stack.
        scalar == "\u{FE0F}" || (0x0590...0x17FF).contains(scalar.value)
            || (scalar.value > 0xFF && scalar.properties.isEmoji)
    }
}
