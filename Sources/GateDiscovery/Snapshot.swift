/// All segments at one moment, ordered by server name, so that the order of changes leaves no trace.
final class Snapshot: Sendable {
    let segments: [Segment]
    /// Number of the first tool of each segment, counted over all of them.
    let starts: [Int]
    let toolCount: Int

    init(_ segments: [Segment]) {
        self.segments = segments
        var starts: [Int] = []
        var count = 0
        for segment in segments {
            starts.append(count)
            count += segment.tools.count
        }
        self.starts = starts
        toolCount = count
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
