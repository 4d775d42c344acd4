/// The Porter stemmer (M. F. Porter, "An algorithm for suffix stripping", 1980) for lower-case ASCII words.
/// Words with anything but a...z are returned as they are.
struct Stemmer {
    private var word: [UInt8]
    /// End of the stem before the suffix that `ends(with:)` found.
    private var stem = 0

    static func stem(_ word: [UInt8]) -> [UInt8] {
        guard word.count > 2, word.allSatisfy({ $0 >= 0x61 && $0 <= 0x7A }) else { return word }
        var stemmer = Stemmer(word: word)
        stemmer.plurals()
        stemmer.pastAndParticiple()
        stemmer.finalY()
        stemmer.replaceFirst(of: Self.doubleSuffixes, minimumMeasure: 1)
        stemmer.replaceFirst(of: Self.singleSuffixes, minimumMeasure: 1)
        stemmer.removeResidue()
        stemmer.finalE()
        return stemmer.word
    }

    private init(word: [UInt8]) { self.word = word }

    private func isConsonant(_ index: Int) -> Bool {
        switch word[index] {
        case UInt8(ascii: "a"), UInt8(ascii: "e"), UInt8(ascii: "i"), UInt8(ascii: "o"), UInt8(ascii: "u"): false
        case UInt8(ascii: "y"): index == 0 || !isConsonant(index - 1)
        default: true
        }
    }

    /// The number of vowel-consonant sequences before `end`.
    private func measure(_ end: Int) -> Int {
        var count = 0
        var afterVowel = false
        for index in 0..<end {
            let consonant = isConsonant(index)
            if consonant, afterVowel { count += 1 }
            afterVowel = !consonant
        }
        return count
    }

    private func hasVowel(_ end: Int) -> Bool { (0..<end).contains { !isConsonant($0) } }

    private func endsDoubled(_ end: Int) -> Bool {
        end >= 2 && word[end - 1] == word[end - 2] && isConsonant(end - 1)
    }

    /// Consonant, vowel, consonant at the end, the last one not w, x or y.
    private func endsShort(_ end: Int) -> Bool {
        guard end >= 3, isConsonant(end - 1), !isConsonant(end - 2), isConsonant(end - 3) else { return false }
        return !"wxy".utf8.contains(word[end - 1])
    }

    private mutating func ends(with suffix: StaticString) -> Bool {
        let length = suffix.utf8CodeUnitCount
        guard length <= word.count else { return false }
        let bytes = UnsafeBufferPointer(start: suffix.utf8Start, count: length)
        guard word.suffix(length).elementsEqual(bytes) else { return false }
        stem = word.count - length
        return true
    }

    private mutating func replace(by suffix: StaticString) {
        word.removeSubrange(stem...)
        word.append(contentsOf: UnsafeBufferPointer(start: suffix.utf8Start, count: suffix.utf8CodeUnitCount))
    }

    private mutating func plurals() {
        if ends(with: "sses") {
            replace(by: "ss")
        } else if ends(with: "ies") {
            replace(by: "i")
        } else if ends(with: "ss") {
            return
        } else if ends(with: "s") {
            replace(by: "")
        }
    }

    private mutating func pastAndParticiple() {
        if ends(with: "eed") {
            if measure(stem) > 0 { replace(by: "ee") }
            return
        }
        guard (ends(with: "ed") && hasVowel(stem)) || (ends(with: "ing") && hasVowel(stem)) else { return }
        replace(by: "")
        if ends(with: "at") {
            replace(by: "ate")
        } else if ends(with: "bl") {
            replace(by: "ble")
        } else if ends(with: "iz") {
            replace(by: "ize")
        } else if endsDoubled(word.count), let last = word.last, !"lsz".utf8.contains(last) {
            word.removeLast()
        } else if measure(word.count) == 1, endsShort(word.count) {
            word.append(UInt8(ascii: "e"))
        }
    }

    private mutating func finalY() {
        if ends(with: "y"), hasVowel(stem) { replace(by: "i") }
    }

    private mutating func replaceFirst(of suffixes: [(StaticString, StaticString)], minimumMeasure: Int) {
        for (suffix, replacement) in suffixes where ends(with: suffix) {
            if measure(stem) >= minimumMeasure { replace(by: replacement) }
            return
        }
    }

    private mutating func removeResidue() {
        for suffix in Self.residues where ends(with: suffix) {
            if measure(stem) > 1 { replace(by: "") }
            return
        }
        if ends(with: "ion"), stem > 0, "st".utf8.contains(word[stem - 1]), measure(stem) > 1 { replace(by: "") }
    }

    private mutating func finalE() {
        if ends(with: "e") {
            let count = measure(stem)
            if count > 1 || (count == 1 && !endsShort(stem)) { replace(by: "") }
        }
        if word.last == UInt8(ascii: "l"), endsDoubled(word.count), measure(word.count) > 1 { word.removeLast() }
    }

    private static let doubleSuffixes: [(StaticString, StaticString)] = [
        ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("abli", "able"),
        ("alli", "al"), ("entli", "ent"), ("eli", "e"), ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"),
        ("ator", "ate"), ("alism", "al"), ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"), ("aliti", "al"),
        ("iviti", "ive"), ("biliti", "ble"),
    ]
    private static let singleSuffixes: [(StaticString, StaticString)] = [
        ("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", ""),
    ]
    private static let residues: [StaticString] = [
        "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ou", "ism", "ate", "iti",
        "ous", "ive", "ize",
    ]
}
