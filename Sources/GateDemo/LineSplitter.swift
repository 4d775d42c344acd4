/// Cuts a stream of bytes into lines and keeps at most one line of bounded length.
package struct LineSplitter: Sendable {
    package enum Line: Sendable, Equatable {
        case line([UInt8])
        /// A line above the limit; its bytes are dropped.
        case overlong
    }

    private let limit: Int
    private var rest: [UInt8] = []
    private var isOverlong = false

    package init(limit: Int) { self.limit = limit }

    /// Adds bytes and returns the lines that they complete; empty lines are skipped.
    package mutating func add(_ bytes: some Sequence<UInt8>) -> [Line] {
        var lines: [Line] = []
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                if rest.count < limit { rest.append(byte) } else { isOverlong = true }
                continue
            }
            if isOverlong {
                lines.append(.overlong)
            } else {
                if rest.last == UInt8(ascii: "\r") { rest.removeLast() }
                if !rest.isEmpty { lines.append(.line(rest)) }
            }
            rest.removeAll(keepingCapacity: rest.count < 65_536)
            isOverlong = false
        }
        return lines
    }
}
