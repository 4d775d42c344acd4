/// All segments at one moment, ordered by server name, so that the order of changes leaves no trace.
final class Snapshot: Sendable {
    let segments: [Segment]
    /// Number of the first tool of each segment, counted over all of them.
    let starts: [Int]
    let toolCount: Int
    /// Tools of the server that has most.
    let largest: Int
    /// The filters of all segments, one after the other.
    private let filters: [UInt64]

    init(_ segments: [Segment]) {
        self.segments = segments
        var starts: [Int] = []
        var count = 0
        var filters: [UInt64] = []
        filters.reserveCapacity(segments.count * TermFilter.width)
        for segment in segments {
            starts.append(count)
            count += segment.tools.count
            filters.append(contentsOf: segment.filter)
        }
        self.starts = starts
        toolCount = count
        largest = segments.reduce(0) { max($0, $1.tools.count) }
        self.filters = filters
    }

    /// Numbers of the segments that may have a term or a whole name.
    func segments(mayHave key: UInt64) -> [Int] {
        let bit = TermFilter.bit(key)
        var found: [Int] = []
        filters.withUnsafeBufferPointer { filters in
            var place = TermFilter.word(key)
            var number = 0
            while place < filters.count {
                if filters[place] & bit != 0 { found.append(number) }
                place += TermFilter.width
                number += 1
            }
        }
        return found
    }

    /// A snapshot with `segment` in the place of the server's old one; `nil` removes it.
    func replacing(_ server: String, with segment: Segment?) -> Snapshot {
        let key = Array(server.utf8)
        var next = segments.filter { !$0.server.utf8.elementsEqual(key) }
        if let segment {
            let place = next.firstIndex { key.lexicographicallyPrecedes($0.server.utf8) } ?? next.count
            next.insert(segment, at: place)
        }
        return Snapshot(next)
    }
}
