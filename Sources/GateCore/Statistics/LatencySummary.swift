/// What a ``LatencyRecorder`` knows about a stretch of time. Times are in microseconds.
package struct LatencySummary: Hashable, Sendable {
    package let calls: UInt64
    package let errors: UInt64
    package let average: Double
    package let p50: UInt64
    package let p95: UInt64
    package let p99: UInt64
    package let p999: UInt64
    package let maximum: UInt64

    /// Part of the calls that failed, 0...1; 0 without calls.
    package var errorRate: Double { calls == 0 ? 0 : Double(errors) / Double(calls) }

    package static let none = LatencySummary(
        calls: 0, errors: 0, average: 0, p50: 0, p95: 0, p99: 0, p999: 0, maximum: 0)
}
