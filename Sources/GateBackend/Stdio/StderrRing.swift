import GateCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The last lines that a backend wrote to stderr, bounded in bytes, with a rate limit for what goes on to the log.
struct StderrRing: Sendable {
    static let capacity = 64 * 1024
    static let longestLine = 2_048
    static let linesPerSecond = 100

    private var lines: [String] = []
    private var bytes = 0
    private var partial: [UInt8] = []
    private var window: Instant?
    private var inWindow = 0
    private(set) var suppressed = 0
    private(set) var skippedBytes = 0

    /// Takes what was read. A server that floods stderr must not take the time of others: of a chunk beyond the rate limit only the
    /// end is looked at.
    ///
    /// - Returns: the lines that may be logged.
    mutating func feed(_ chunk: UnsafeRawBufferPointer, now: Instant) -> [String] {
        var rest = chunk
        if isFlooding(now: now), chunk.count > StderrRing.longestLine {
            skippedBytes += chunk.count - StderrRing.longestLine
            partial.removeAll(keepingCapacity: true)
            rest = UnsafeRawBufferPointer(rebasing: chunk.suffix(StderrRing.longestLine))
        }
        var loggable: [String] = []
        while let base = rest.baseAddress, !rest.isEmpty {
            guard let end = memchr(base, 0x0A, rest.count) else {
                keep(rest)
                break
            }
            let length = UnsafeRawPointer(end) - base
            keep(UnsafeRawBufferPointer(start: base, count: length))
            finishLine(now: now, into: &loggable)
            rest = UnsafeRawBufferPointer(rebasing: rest[(length + 1)...])
        }
        return loggable
    }

    private func isFlooding(now: Instant) -> Bool {
        guard let window else { return false }
        return inWindow > StderrRing.linesPerSecond && window.duration(to: now) < .seconds(1)
    }

    private mutating func keep(_ bytes: UnsafeRawBufferPointer) {
        partial.append(contentsOf: bytes.prefix(StderrRing.longestLine - partial.count))
    }

    /// The last lines, oldest first.
    func tail(_ count: Int) -> [String] { Array(lines.suffix(count)) }

    private mutating func finishLine(now: Instant, into loggable: inout [String]) {
        defer { partial.removeAll(keepingCapacity: true) }
        while let last = partial.last, last == 0x0D || last == 0x20 { partial.removeLast() }
        guard !partial.isEmpty else { return }
        let line = String(decoding: partial, as: UTF8.self)
        lines.append(line)
        bytes += line.utf8.count
        while bytes > StderrRing.capacity, let first = lines.first {
            bytes -= first.utf8.count
            lines.removeFirst()
        }
        if let window, window.duration(to: now) < .seconds(1) {
            inWindow += 1
        } else {
            window = now
            inWindow = 1
        }
        if inWindow <= StderrRing.linesPerSecond { loggable.append(line) } else { suppressed += 1 }
    }
}
