/// What came of a load.
package struct LoadResult: Sendable {
    package var calls: [CallRecord]
    /// Calls that were sent and have had no answer when the load ended.
    package var unanswered: Int

    package init(calls: [CallRecord] = [], unanswered: Int = 0) {
        self.calls = calls
        self.unanswered = unanswered
    }

    package var errors: Int { calls.count { !$0.isSuccess } }

    /// Number of calls by error code; successes are not in it.
    package var codes: [String: Int] {
        calls.reduce(into: [:]) { if !$1.isSuccess { $0[$1.code, default: 0] += 1 } }
    }

    /// For people: `44 OVERLOADED, 2 TIMEOUT`.
    package var codesText: String {
        let known = codes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
        return known.isEmpty ? "no errors" : known.joined(separator: ", ")
    }

    /// - Parameter share: 0.99 for the 99th percentile.
    package func percentile(_ share: Double) -> Duration { LoadResult.percentile(share, of: calls.map(\.duration)) }

    package var slowest: Duration { calls.map(\.duration).max() ?? .zero }

    /// The calls that began in the span.
    package func between(_ start: ContinuousClock.Instant, _ end: ContinuousClock.Instant) -> LoadResult {
        LoadResult(calls: calls.filter { $0.start >= start && $0.start < end })
    }

    /// Nearest rank; zero for no values.
    package static func percentile(_ share: Double, of values: [Duration]) -> Duration {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return .zero }
        let rank = Int((share * Double(sorted.count)).rounded(.up)) - 1
        return sorted[min(max(rank, 0), sorted.count - 1)]
    }

    package static func + (first: LoadResult, second: LoadResult) -> LoadResult {
        LoadResult(calls: first.calls + second.calls, unanswered: first.unanswered + second.unanswered)
    }
}

extension Duration {
    package var milliseconds: Double {
        Double(components.seconds) * 1_000 + Double(components.attoseconds) / 1e15
    }

    /// For people: `0.41 ms`, `12 ms`, `3.2 s`.
    package var brief: String {
        let value = milliseconds
        if value < 10 { return "\(Double(Int(value * 100)) / 100) ms" }
        if value < 1_000 { return "\(Int(value.rounded())) ms" }
        return "\(Double(Int(value / 100)) / 10) s"
    }
}
