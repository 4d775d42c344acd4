import Histogram

/// Calls of a stretch of time: how many, how long, how many failed. Percentiles are exact to 1 %; memory grows with the longest time.
struct LatencyTally<Count: FixedWidthInteger & Codable & Sendable>: Sendable {
    fileprivate var histogram = Histogram<Count>(numberOfSignificantValueDigits: .two)
    private(set) var errors: UInt64 = 0
    private var sum: UInt64 = 0
    private var maximum: UInt64 = 0

    init() {}

    @inline(__always)
    mutating func record(_ microseconds: UInt64, failed: Bool) {
        _ = histogram.record(microseconds)
        sum &+= microseconds
        maximum = max(maximum, microseconds)
        if failed { errors &+= 1 }
    }

    mutating func add<Other>(_ other: LatencyTally<Other>) {
        for entry in other.histogram.recordedValues() {
            _ = histogram.record(entry.value, count: Count(clamping: entry.count))
        }
        errors &+= other.errors
        sum &+= other.sum
        maximum = max(maximum, other.maximum)
    }

    var summary: LatencySummary {
        let calls = histogram.totalCount
        guard calls > 0 else { return .none }
        func value(_ percentile: Double) -> UInt64 { min(histogram.valueAtPercentile(percentile), maximum) }
        return LatencySummary(
            calls: calls, errors: errors, average: Double(sum) / Double(calls), p50: value(50), p95: value(95),
            p99: value(99), p999: value(99.9), maximum: maximum)
    }

    /// What it takes to make it again: `errors sum value:count value:count …`.
    var text: String {
        var parts = ["\(errors)", "\(sum)"]
        for entry in histogram.recordedValues() { parts.append("\(entry.value):\(entry.count)") }
        return parts.joined(separator: " ")
    }

    /// - Returns: nil for what ``text`` does not write.
    init?(text: String) {
        let parts = text.split(separator: " ")
        guard parts.count >= 2, let errors = UInt64(parts[0]), let sum = UInt64(parts[1]) else { return nil }
        for part in parts.dropFirst(2) {
            let pair = part.split(separator: ":")
            guard pair.count == 2, let value = UInt64(pair[0]), value <= LatencyRecorder.maxMicroseconds,
                let count = Count(pair[1]), count > 0
            else { return nil }
            _ = histogram.record(value, count: count)
        }
        self.errors = errors
        self.sum = sum
        maximum = histogram.max
    }
}
