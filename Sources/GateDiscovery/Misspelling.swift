/// Bounded edit distance with swapped neighbours (optimal string alignment), on bytes.
enum Misspelling {
    /// The letters and digits a word has, as bits: words that differ in many cannot be near.
    static func letters(of word: [UInt8]) -> UInt32 {
        word.reduce(0) { $0 | 1 << UInt32($1 & 31) }
    }

    /// How many edits a word of `length` bytes may be away from what was meant.
    static func tolerance(_ length: Int) -> Int { length < 4 ? 0 : length < 8 ? 1 : 2 }

    /// The number of edits from `a` to `b`, or `nil` when there are more than `limit`.
    static func distance(_ a: [UInt8], _ b: [UInt8], limit: Int) -> Int? {
        guard abs(a.count - b.count) <= limit else { return nil }
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        var current = last
        for row in 1..<max(a.count + 1, 1) {
            current[0] = row
            var least = row
            for column in 1..<max(b.count + 1, 1) {
                let same = a[row - 1] == b[column - 1]
                var cost = min(last[column] + 1, current[column - 1] + 1, last[column - 1] + (same ? 0 : 1))
                if row > 1, column > 1, a[row - 1] == b[column - 2], a[row - 2] == b[column - 1] {
                    cost = min(cost, beforeLast[column - 2] + 1)
                }
                current[column] = cost
                least = min(least, cost)
            }
            if least > limit { return nil }
            (beforeLast, last, current) = (last, current, beforeLast)
        }
        return last[b.count] <= limit ? last[b.count] : nil
    }
}
