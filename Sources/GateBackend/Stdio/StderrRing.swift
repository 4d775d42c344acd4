import GateCore

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

    /// Takes what was read.
    ///
    /// - Returns: the lines that may be logged.
    mutating func feed(_ chunk: some Sequence<UInt8>, now: Instant) -> [String] {
        var loggable: [String] = []
        for byte in chunk {
            if byte == 0x0A {
                finishLine(now: now, into: &loggable)
            } else if partial.count < StderrRing.longestLine {
                partial.append(byte)
            }
        }
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
