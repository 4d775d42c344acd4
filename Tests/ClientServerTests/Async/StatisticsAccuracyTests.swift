import GateProtocol
import GateTestKit
import Testing

/// The gateway's own figures against those of its callers.
@Suite(.timeLimit(.minutes(3)))
struct StatisticsAccuracyTests {
    private static func percentile(_ sorted: [Double], _ share: Double) -> Double {
        sorted[min(sorted.count - 1, Int((Double(sorted.count) * share).rounded(.up)) - 1)]
    }

    /// Within 5 %. The callers' way to the gateway and back is in their times and not in the gateway's, so the calls take long enough for
    /// it not to matter, and a measurement that other work on the machine has spoiled is repeated.
    @Test func latenciesAreWhatCallersSee() async throws {
        var apart: [Double] = []
        for _ in 0..<3 {
            let gateway = try await GatewayProcess.start(Backends.fake("b"))
            try await gateway.running(["b"])
            let times = try await withThrowingTaskGroup(of: [Double].self) { group in
                for caller in 0..<4 {
                    group.addTask {
                        var times: [Double] = []
                        for call in 0..<15 {
                            let begun = ContinuousClock.now
                            _ = try await gateway.call("b", "sleep", ["ms": .init(150 + 5 * ((caller + call) % 15))])
                            times.append(begun.duration(to: .now) / .milliseconds(1))
                        }
                        return times
                    }
                }
                return try await group.reduce(into: [Double]()) { $0 += $1 }.sorted()
            }
            let stats = try await gateway.json("/stats")
            try await gateway.stop()
            #expect(stats["total_calls"]?.intValue == 60)
            apart = [("p50_latency_ms", 0.5), ("p95_latency_ms", 0.95), ("p99_latency_ms", 0.99)].map { name, share in
                let (own, seen) = (stats[name]?.doubleValue ?? 0, Self.percentile(times, share))
                return abs(own - seen) / seen
            }
            if apart.allSatisfy({ $0 <= 0.05 }) { break }
        }
        #expect(apart.allSatisfy { $0 <= 0.05 }, "\(apart)")
    }
}
