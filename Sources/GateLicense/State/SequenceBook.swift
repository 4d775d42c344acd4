/// The highest sequence number that was accepted for each license, so that nothing older counts again; of those that were used last.
struct SequenceBook: Sendable, Equatable {
    struct Entry: Sendable, Equatable {
        var license: String
        var sequence: Int
    }

    static let most = 64
    /// Used last comes last.
    private(set) var entries: [Entry]

    init(_ entries: [Entry] = []) { self.entries = Array(entries.suffix(SequenceBook.most)) }

    func isNewer(_ sequence: Int, for license: String) -> Bool { known(license).map { sequence > $0 } ?? true }

    func isOlder(_ sequence: Int, for license: String) -> Bool { known(license).map { sequence < $0 } ?? false }

    mutating func note(_ sequence: Int, for license: String) {
        let highest = max(sequence, known(license) ?? sequence)
        entries.removeAll { $0.license.utf8.elementsEqual(license.utf8) }
        entries.append(Entry(license: license, sequence: highest))
        if entries.count > SequenceBook.most { entries.removeFirst() }
    }

    private func known(_ license: String) -> Int? {
        entries.first { $0.license.utf8.elementsEqual(license.utf8) }?.sequence
    }
}
