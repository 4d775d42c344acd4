/// A small Bloom filter with one hash: tells at one memory access that a segment does not have a term.
enum TermFilter {
    /// Words of 64 bits for one segment.
    static let width = 32

    static func build(_ keys: some Sequence<UInt64>) -> [UInt64] {
        var filter = [UInt64](repeating: 0, count: width)
        for key in keys { filter[word(key)] |= bit(key) }
        return filter
    }

    static func word(_ key: UInt64) -> Int { Int(truncatingIfNeeded: (key >> 6) & UInt64(width - 1)) }

    static func bit(_ key: UInt64) -> UInt64 { 1 << (key & 63) }
}
