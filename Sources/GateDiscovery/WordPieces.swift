import CDiscoveryTable

/// The vocabulary of the word vectors and its longest-match-first tokeniser.
struct WordPieces: Sendable {
    static let shared = WordPieces()

    /// Start of each piece in `text`, and one more for the end.
    private let starts: [UInt32]
    /// Open addressing by hash, ids plus one; 0 is free.
    private let slots: [UInt16]
    private let longest: Int
    nonisolated(unsafe) private let text: UnsafeRawBufferPointer

    var count: Int { starts.count - 1 }

    private init() {
        let bytes = cdt_vocabulary()
        text = UnsafeRawBufferPointer(start: bytes.start, count: bytes.count)
        var starts: [UInt32] = [0]
        for (index, byte) in text.enumerated() where byte == 0x0A { starts.append(UInt32(index + 1)) }
        self.starts = starts
        var slots = [UInt16](repeating: 0, count: 1 << 15)
        var longest = 0
        for id in 0..<starts.count - 1 {
            let piece = text[Int(starts[id])..<Int(starts[id + 1]) - 1]
            longest = max(longest, piece.count)
            var slot = Int(truncatingIfNeeded: Self.hash(piece) & 0x7FFF)
            while slots[slot] != 0 { slot = (slot + 1) & 0x7FFF }
            slots[slot] = UInt16(id + 1)
        }
        self.slots = slots
        self.longest = longest
    }

    /// The UTF-8 of one piece, with its leading `##` when it continues a word.
    func piece(_ id: Int) -> Slice<UnsafeRawBufferPointer> {
        text[Int(starts[id])..<Int(starts[id + 1]) - 1]
    }

    /// The id of a piece that starts a word and is a whole word.
    func wholeWord(_ word: some Collection<UInt8>) -> Int? {
        find(Self.hash(word), prefixed: false, word)
    }

    /// Appends the pieces of one folded word; a word that cannot be covered adds none.
    func tokenize(_ word: [UInt8], into tokens: inout [Int]) {
        let before = tokens.count
        var start = 0
        var hashes: [UInt64] = []
        while start < word.count {
            // One pass forward hashes every prefix; the longest known one wins.
            hashes.removeAll(keepingCapacity: true)
            var hashing = Hashing(space: Self.space)
            if start > 0 { hashing.add("##".utf8) }
            let end = min(word.count, start + longest)
            for index in start..<end {
                hashing.add(word[index])
                hashes.append(hashing.value)
            }
            var stop = end
            var found: Int?
            while stop > start {
                found = find(hashes[stop - start - 1], prefixed: start > 0, word[start..<stop])
                if found != nil { break }
                stop -= 1
            }
            guard let found else {
                tokens.removeSubrange(before...)
                return
            }
            tokens.append(found)
            start = stop
        }
    }

    private static let space: UInt8 = 1

    private static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 { Hashing.hash(bytes, space: space) }

    private func find(_ hash: UInt64, prefixed: Bool, _ word: some Collection<UInt8>) -> Int? {
        var slot = Int(truncatingIfNeeded: hash & 0x7FFF)
        while slots[slot] != 0 {
            let id = Int(slots[slot]) - 1
            var piece = piece(id)
            if prefixed, piece.starts(with: "##".utf8) {
                piece = piece.dropFirst(2)
            } else if prefixed {
                piece = piece.prefix(0)
            }
            if piece.elementsEqual(word) { return id }
            slot = (slot + 1) & 0x7FFF
        }
        return nil
    }
}
