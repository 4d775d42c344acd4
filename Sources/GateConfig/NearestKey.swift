/// The known key that a mistyped one was most likely meant to be.
enum NearestKey {
    static func suggestion(for key: String, among known: some Sequence<String>, within limit: Int = 3) -> String? {
        let typed = key.utf8.map(\.lowercased)
        guard !typed.isEmpty, typed.count <= 64 else { return nil }
        let tolerance = max(1, min(limit, typed.count / 3))
        var best: (key: String, distance: Int)?
        for candidate in known {
            let other = candidate.utf8.map(\.lowercased)
            guard abs(other.count - typed.count) <= tolerance else { continue }
            let distance = distance(typed, other)
            if distance <= tolerance, best.map({ distance < $0.distance }) ?? true { best = (candidate, distance) }
        }
        return best?.key
    }

    /// Number of inserted, removed, replaced and swapped neighbouring bytes between the two.
    static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                let same = same(a[i], b[j])
                var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (same ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
                row.append(cost)
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }

    private static func same(_ a: UInt8, _ b: UInt8) -> Bool {
        a == b || (a == UInt8(ascii: "-") && b == UInt8(ascii: "_"))
    }
}
