extension Segment {
    /// The tools with a whole name of this key.
    func names(_ key: UInt64) -> ArraySlice<NameKey> {
        var low = 0
        var high = names.count
        while low < high {
            let middle = (low + high) / 2
            if names[middle].key < key { low = middle + 1 } else { high = middle }
        }
        var end = low
        while end < names.count, names[end].key == key { end += 1 }
        return names[low..<end]
    }
}

extension [UInt8] {
    /// Without quotes, brackets and sentence marks at either end.
    func trimmingSigns() -> [UInt8] {
        let isSign = { (byte: UInt8) in "\"'`()[]{}<>,;:.!?".utf8.contains(byte) }
        return Array(drop(while: isSign).reversed().drop(while: isSign).reversed())
    }

    /// Whether this looks like an identifier rather than a word: a sign in it, or an upper-case letter after a lower-case one.
    func containsIdentifierSign() -> Bool {
        if contains(where: { "_/.-".utf8.contains($0) }) { return true }
        return zip(self, dropFirst()).contains { $0 >= 0x61 && $0 <= 0x7A && $1 >= 0x41 && $1 <= 0x5A }
    }
}
