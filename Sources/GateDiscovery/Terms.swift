/// The terms the lexical index is made of: hashes of stems.
enum Terms {
    private static let stemSpace: UInt8 = 2
    private static let nameSpace: UInt8 = 3

    /// The term of a folded word.
    static func term(_ word: [UInt8]) -> UInt64 {
        Hashing.hash(Stemmer.stem(word), space: stemSpace)
    }

    /// The key of a whole name, in which case counts for nothing.
    static func name(_ name: some Sequence<UInt8>) -> UInt64 {
        Hashing.hash(name.lazy.map { $0 >= 0x41 && $0 <= 0x5A ? $0 + 0x20 : $0 }, space: nameSpace)
    }

    static func isStopWord(_ word: [UInt8]) -> Bool {
        stopWords.contains(Hashing.hash(word, space: stemSpace))
    }

    /// Other stems for the stem of `word`.
    static func synonyms(of word: [UInt8]) -> [UInt64] {
        synonyms[term(word)] ?? []
    }

    /// The one word that two words in a row mean.
    static func meaning(of first: [UInt8], _ second: [UInt8]) -> [UInt8]? {
        phrases[Hashing.hash(first + [0x20] + second)]
    }

    private static let phrases: [UInt64: [UInt8]] = {
        var table: [UInt64: [UInt8]] = [:]
        for line in Synonyms.phrases.split(separator: "\n") {
            guard let blank = line.utf8.lastIndex(of: 0x20) else { continue }
            table[Hashing.hash(line.utf8[..<blank])] = Array(line.utf8[blank...].dropFirst())
        }
        return table
    }()

    private static let stopWords: Set<UInt64> = Set(
        StopWords.text.split(separator: " ").map { Hashing.hash($0.utf8, space: stemSpace) })

    private static let synonyms: [UInt64: [UInt64]] = {
        var table: [UInt64: [UInt64]] = [:]
        for line in Synonyms.text.split(separator: "\n") {
            let group = line.split(separator: " ").map { term(Array($0.utf8)) }
            for member in group {
                for other in group where other != member && table[member]?.contains(other) != true {
                    table[member, default: []].append(other)
                }
            }
        }
        return table
    }()
}
