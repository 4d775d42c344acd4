/// What of a text was taken away and put in, word by word.
package struct WordDifference: Sendable, Equatable {
    package enum Kind: Sendable { case same, removed, added }

    package struct Part: Sendable, Equatable {
        package let kind: Kind
        package let text: String

        package init(_ kind: Kind, _ text: String) {
            self.kind = kind
            self.text = text
        }
    }

    package private(set) var parts: [Part] = []

    /// Comparisons that are made; where more would be needed, what lies between two equal ends counts as replaced.
    private static let most = 4_000_000

    package init(_ before: String, _ after: String) {
        var (old, new) = (WordDifference.words(before)[...], WordDifference.words(after)[...])
        var (head, tail): ([Substring], [Substring]) = ([], [])
        while let first = old.first, let other = new.first, WordDifference.same(first, other) {
            head.append(first)
            old.removeFirst()
            new.removeFirst()
        }
        while let last = old.last, let other = new.last, WordDifference.same(last, other) {
            tail.append(last)
            old.removeLast()
            new.removeLast()
        }
        for word in head { add(.same, word) }
        if old.count.multipliedReportingOverflow(by: new.count).partialValue > WordDifference.most
            || old.count > WordDifference.most || new.count > WordDifference.most
        {
            for word in old { add(.removed, word) }
            for word in new { add(.added, word) }
        } else {
            compare(Array(old), Array(new))
        }
        for word in tail.reversed() { add(.same, word) }
    }

    /// Bytes: what Unicode holds for equal may be a change all the same.
    private static func same(_ one: Substring, _ other: Substring) -> Bool { one.utf8.elementsEqual(other.utf8) }

    /// By the longest common sequence.
    private mutating func compare(_ old: [Substring], _ new: [Substring]) {
        let width = new.count + 1
        var lengths = [Int32](repeating: 0, count: (old.count + 1) * width)
        for row in stride(from: old.count - 1, through: 0, by: -1) {
            for column in stride(from: new.count - 1, through: 0, by: -1) {
                lengths[row * width + column] =
                    WordDifference.same(old[row], new[column])
                    ? lengths[(row + 1) * width + column + 1] + 1
                    : max(lengths[(row + 1) * width + column], lengths[row * width + column + 1])
            }
        }
        var (row, column) = (0, 0)
        while row < old.count, column < new.count {
            if WordDifference.same(old[row], new[column]) {
                add(.same, old[row])
                (row, column) = (row + 1, column + 1)
            } else if lengths[(row + 1) * width + column] >= lengths[row * width + column + 1] {
                add(.removed, old[row])
                row += 1
            } else {
                add(.added, new[column])
                column += 1
            }
        }
        for word in old[row...] { add(.removed, word) }
        for word in new[column...] { add(.added, word) }
    }

    private mutating func add(_ kind: Kind, _ text: Substring) {
        if let last = parts.last, last.kind == kind {
            parts[parts.count - 1] = Part(kind, last.text + text)
        } else {
            parts.append(Part(kind, String(text)))
        }
    }

    /// Words, and the blanks between them.
    private static func words(_ text: String) -> [Substring] {
        var words: [Substring] = []
        let scalars = text.unicodeScalars
        var start = scalars.startIndex
        var index = start
        var wasBlank: Bool?
        while index < scalars.endIndex {
            let isBlank = scalars[index].properties.isWhitespace
            if let wasBlank, wasBlank != isBlank {
                words.append(Substring(scalars[start..<index]))
                start = index
            }
            wasBlank = isBlank
            index = scalars.index(after: index)
        }
        if start < index { words.append(Substring(scalars[start..<index])) }
        return words
    }
}
