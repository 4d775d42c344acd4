/// Splits texts and identifiers into folded words: at signs, between `lower` and `Upper`, and between letters and digits.
/// An identifier of a few parts also counts as one word (`GitHub`: `github`, `git`, `hub`).
/// Scripts that write no spaces give single characters and pairs.
struct Words {
    /// Words are at least this many bytes, unless they are digits or not ASCII.
    private static let shortest = 2
    /// Identifiers of more parts are not joined to one word.
    private static let mostJoinedParts = 3

    private var run: [Unicode.Scalar] = []
    private var unspaced: [Unicode.Scalar] = []
    private var found: [[UInt8]] = []

    /// The words of `text` in their order; `limit` bounds how many.
    static func split(_ text: String, limit: Int = .max) -> [[UInt8]] {
        var words = Words()
        for scalar in text.unicodeScalars {
            words.take(scalar)
            if words.found.count >= limit { break }
        }
        words.endRun()
        words.endUnspaced()
        return words.found.count > limit ? Array(words.found.prefix(limit)) : words.found
    }

    private mutating func take(_ scalar: Unicode.Scalar) {
        if Self.isUnspaced(scalar) {
            endRun()
            unspaced.append(scalar)
        } else if Self.isWordPart(scalar) {
            endUnspaced()
            run.append(scalar)
        } else {
            endRun()
            endUnspaced()
        }
    }

    private mutating func endRun() {
        guard !run.isEmpty else { return }
        defer { run.removeAll(keepingCapacity: true) }
        var parts: [[UInt8]] = [[]]
        for index in run.indices {
            if index > 0, isBoundary(before: index) { parts.append([]) }
            Folding.fold(run[index]) { folded in
                parts[parts.count - 1].append(contentsOf: UTF8.encode(folded) ?? UTF8.encodedReplacementCharacter)
            }
        }
        if parts.count > 1, parts.count <= Self.mostJoinedParts { found.append(Array(parts.joined())) }
        for part in parts where Self.isLongEnough(part) { found.append(part) }
    }

    private static func isLongEnough(_ part: [UInt8]) -> Bool {
        guard let first = part.first else { return false }
        return part.count >= shortest || (first >= 0x30 && first <= 0x39)
    }

    private func isBoundary(before index: Int) -> Bool {
        let previous = Kind(run[index - 1])
        let current = Kind(run[index])
        if (previous == .digit) != (current == .digit) { return true }
        if previous == .lower, current == .upper { return true }
        guard previous == .upper, current == .upper, index + 1 < run.count, Kind(run[index + 1]) == .lower else {
            return false
        }
        // `HTTPServer` ends an acronym, `URLs` does not.
        return !(index + 2 == run.count && run[index + 1] == "s")
    }

    private enum Kind {
        case lower, upper, digit

        init(_ scalar: Unicode.Scalar) {
            switch scalar.value {
            case 0x30...0x39: self = .digit
            case 0x41...0x5A: self = .upper
            case 0..<0x80: self = .lower
            default: self = scalar.properties.isUppercase ? .upper : .lower
            }
        }
    }

    private mutating func endUnspaced() {
        guard !unspaced.isEmpty else { return }
        defer { unspaced.removeAll(keepingCapacity: true) }
        var previous: [UInt8] = []
        for scalar in unspaced {
            var current: [UInt8] = []
            Folding.fold(scalar) { folded in
                current.append(contentsOf: UTF8.encode(folded) ?? UTF8.encodedReplacementCharacter)
            }
            found.append(current)
            if !previous.isEmpty { found.append(previous + current) }
            previous = current
        }
    }

    private static func isWordPart(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: return true
        case 0..<0x80: return false
        default:
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
                .letterNumber, .otherNumber, .nonspacingMark, .spacingMark, .otherSymbol:
                return true
            default: return false
            }
        }
    }

    /// Chinese and Japanese characters, and the scripts of south-east Asia that put no blank between words.
    private static func isUnspaced(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x3040...0x30FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2FA1F, 0x30000...0x3FFFF,
            0x0E01...0x0E3A, 0x0E40...0x0E4E, 0x0E80...0x0EDF, 0x1000...0x109F, 0x1780...0x17D3:
            return true
        default: return false
        }
    }
}
