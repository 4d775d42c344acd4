import GateCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The last lines that a backend wrote to stderr, bounded in bytes, with a rate limit for what goes on to the log.
package struct StderrRing: Sendable {
    package struct Limits: Sendable, Hashable {
        /// Bytes of the lines that are kept.
        package var bytes: Int
        /// Lines that go on to the log.
        package var linesPerSecond: Int

        package init(bytes: Int = 64 * 1024, linesPerSecond: Int = 100) {
            self.bytes = max(bytes, 1)
            self.linesPerSecond = max(linesPerSecond, 1)
        }
    }

    static let longestLine = 2_048

    private let limits: Limits
    private var lines: [String] = []
    private var bytes = 0
    private var partial: [UInt8] = []
    private var window: Instant?
    private var inWindow = 0
    private(set) var suppressed = 0
    private(set) var skippedBytes = 0

    init(limits: Limits = Limits()) { self.limits = limits }

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
        return inWindow > limits.linesPerSecond && window.duration(to: now) < .seconds(1)
    }

    private mutating func keep(_ bytes: UnsafeRawBufferPointer) {
        partial.append(contentsOf: bytes.prefix(StderrRing.longestLine - partial.count))
    }

    /// Nothing more will come: what has no line end yet is a line, too.
    mutating func end(now: Instant) -> [String] {
        var loggable: [String] = []
        finishLine(now: now, into: &loggable)
        return loggable
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
        while bytes > limits.bytes, let first = lines.first {
            bytes -= first.utf8.count
            lines.removeFirst()
        }
        if let window, window.duration(to: now) < .seconds(1) {
            inWindow += 1
        } else {
            if suppressed > 0 { loggable.append("(\(suppressed) more lines were not logged)") }
            window = now
            inWindow = 1
            suppressed = 0
        }
        if inWindow <= limits.linesPerSecond { loggable.append(line) } else { suppressed += 1 }
    }
}
