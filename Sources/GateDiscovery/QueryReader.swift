/// Turns the text of a query into needs, within fixed bounds.
struct QueryReader {
    /// Longer texts are cut here; more words are left out.
    static let mostBytes = 2000
    static let mostWords = 64
    static let mostClauses = 8

    let snapshot: Snapshot
    let ranking: Ranking
    /// Replacements for misspelt words, shared by the whole text and its clauses.
    private var corrections: [[UInt8]: [[UInt8]]] = [:]

    init(snapshot: Snapshot, ranking: Ranking) {
        self.snapshot = snapshot
        self.ranking = ranking
    }

    static func bounded(_ text: String) -> String {
        guard text.utf8.count > mostBytes else { return text }
        var kept = String.UnicodeScalarView()
        var bytes = 0
        for scalar in text.unicodeScalars {
            bytes += UTF8.width(scalar)
            if bytes > mostBytes { break }
            kept.append(scalar)
        }
        return String(kept)
    }

    mutating func needs(_ text: String) -> [Need] {
        let whole = need(text)
        guard ranking.clause > 0 else { return [whole] }
        let clauses = Self.clauses(text).map { need($0) }.filter { $0.terms.filter(\.isOwn).count > 1 }
        return clauses.count > 1 ? [whole] + clauses.prefix(Self.mostClauses) : [whole]
    }

    private mutating func need(_ text: String) -> Need {
        let words = Words.split(text, limit: Self.mostWords)
        var terms: [QueryTerm] = []
        var places: [UInt64: Int] = [:]
        func add(_ term: QueryTerm) {
            if let place = places[term.term] {
                if term.isOwn, !terms[place].isOwn { terms[place] = term }
                return
            }
            places[term.term] = terms.count
            terms.append(term)
        }
        var corrected: [[UInt8]] = []
        for word in words where !Terms.isStopWord(word) {
            let replacements = correct(word)
            for replacement in replacements {
                add(
                    QueryTerm(
                        term: Terms.term(replacement), weight: ranking.typo, word: replacement, misspelt: word,
                        origin: .own))
            }
            corrected.append(contentsOf: replacements)
            if replacements.isEmpty {
                add(QueryTerm(term: Terms.term(word), weight: weight(word), word: word, origin: .own))
            }
        }
        for (first, second) in zip(words, words.dropFirst()) where ranking.synonym > 0 {
            guard let meaning = Terms.meaning(of: first, second) else { continue }
            corrected.append(meaning)
            for term in [Terms.term(meaning)] + Terms.synonyms(of: meaning) {
                add(QueryTerm(term: term, weight: ranking.synonym * 2, word: meaning, origin: .synonym))
            }
        }
        if ranking.joined > 0 {
            for (first, second) in zip(words, words.dropFirst()) {
                add(
                    QueryTerm(
                        term: Terms.term(first + second), weight: ranking.joined, word: first + second, origin: .joined)
                )
            }
        }
        if ranking.synonym > 0 {
            for word in words where !Terms.isStopWord(word) {
                for synonym in Terms.synonyms(of: word) {
                    add(QueryTerm(term: synonym, weight: ranking.synonym, word: word, origin: .synonym))
                }
            }
        }
        return Need(terms: terms, vector: vector(of: text, corrected: corrected))
    }

    private func weight(_ word: [UInt8]) -> Float {
        guard ranking.significance > 0 else { return 1 }
        return 1 - ranking.significance + ranking.significance * WordVectors.shared.significance(of: word)
    }

    private func vector(of text: String, corrected: [[UInt8]]) -> PackedVector {
        let vectors = WordVectors.shared
        var sum = [Float](repeating: 0, count: vectors.dimension)
        for token in WordPieces.shared.tokens(of: text) { vectors.add(token, weight: 1, to: &sum) }
        var tokens: [Int] = []
        for word in corrected { WordPieces.shared.tokenize(word, into: &tokens) }
        for token in tokens { vectors.add(token, weight: 1, to: &sum) }
        return PackedVector(WordVectors.normalized(sum))
    }

    /// What a word that is nowhere in the catalog nor in the vocabulary may have been meant to be.
    private mutating func correct(_ word: [UInt8]) -> [[UInt8]] {
        let tolerance = Misspelling.tolerance(word.count)
        guard ranking.typo > 0, tolerance > 0, word.count <= 32, corrections.count < 8 else { return [] }
        if let known = corrections[word] { return known }
        guard WordPieces.shared.wholeWord(word) == nil, !isIndexed(Terms.term(word)) else { return [] }
        let letters = Misspelling.letters(of: word)
        var best = tolerance + 1
        var found: [[UInt8]] = []
        for segment in snapshot.segments {
            for candidate in segment.nameWords where abs(candidate.word.count - word.count) <= tolerance {
                guard (candidate.letters ^ letters).nonzeroBitCount <= 2 * tolerance, candidate.word.count > 3,
                    let distance = Misspelling.distance(word, candidate.word, limit: min(tolerance, best)),
                    distance <= best
                else { continue }
                if distance < best { found.removeAll() }
                best = distance
                if !found.contains(candidate.word), found.count < 3 { found.append(candidate.word) }
            }
        }
        corrections[word] = found
        return found
    }

    private func isIndexed(_ term: UInt64) -> Bool {
        snapshot.segments(mayHave: term).contains { number in
            let segment = snapshot.segments[number]
            return !segment.range(of: term).isEmpty || segment.serverWeight(of: term) > 0
        }
    }

    /// Cuts a text where another need may begin.
    static func clauses(_ text: String) -> [String] {
        var clauses: [String] = []
        var current: [Substring] = []
        func end() {
            if !current.isEmpty { clauses.append(current.joined(separator: " ")) }
            current.removeAll()
        }
        for piece in text.split(whereSeparator: \.isWhitespace) {
            let bare = piece.lowercased()
            if bare == "and" || bare == "then" || bare == "&" || bare == "plus" || bare == "also" {
                end()
                continue
            }
            current.append(piece)
            if let last = piece.unicodeScalars.last, ".,;:!?。，；、！？".unicodeScalars.contains(last) { end() }
        }
        end()
        return clauses
    }
}
