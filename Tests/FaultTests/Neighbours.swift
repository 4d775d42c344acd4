import GateProtocol
import GateTestKit
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// F-26 and the flood tests: what a bad neighbour does to a good one, and to the gateway's memory.
extension FaultTests {
    struct Neighbour: Sendable, CustomTestStringConvertible {
        var name: String
        var flags: [String] = []
        /// What the load on the bad one calls.
        var tool = "echo"
        var arguments = #"{"text":"x"}"#
        var connections = 4
        var interval: Duration? = .milliseconds(20)
        var overHTTP = false

        var testDescription: String { name + (overHTTP ? " over http" : "") }

        static let all: [Neighbour] = [
            Neighbour(name: "hangs", tool: "hang", arguments: "{}", connections: 16),
            Neighbour(name: "reads nothing", flags: ["--evil", "no-read"], connections: 16),
            Neighbour(
                name: "crashes", tool: "crash", arguments: #"{"when":"before"}"#, connections: 2,
                interval: .milliseconds(100)),
            Neighbour(
                name: "floods its output", flags: ["--evil", "progress-storm=2000"], connections: 1,
                interval: .milliseconds(100)),
            Neighbour(
                name: "floods stderr", flags: ["--evil", "stderr-flood=1000000"], connections: 1,
                interval: .milliseconds(100)),
            Neighbour(
                name: "sends huge lines", flags: ["--evil", "huge-line=20000000"], connections: 1,
                interval: .milliseconds(400)),
            Neighbour(
                name: "swallows memory", tool: "big", arguments: #"{"bytes":4000000}"#, connections: 2,
                interval: .milliseconds(200)),
            Neighbour(name: "hangs", tool: "hang", arguments: "{}", connections: 16, overHTTP: true),
            Neighbour(
                name: "closes connections", flags: ["--evil", "http-close"], connections: 4, overHTTP: true),
            Neighbour(
                name: "sends huge replies", flags: ["--evil", "huge-line=20000000"], connections: 1,
                interval: .milliseconds(400), overHTTP: true),
        ]
    }

    private struct Comparison: Sendable {
        var quiet = LoadResult()
        var noisy = LoadResult()
        var bad = LoadResult()
        var peak = Sampling.Peak()

        var ratio: Double {
            noisy.percentile(0.99).milliseconds / max(0.001, quiet.percentile(0.99).milliseconds)
        }
    }

    private func hundredths(_ value: Double) -> Double { Double(Int(value * 100)) / 100 }

    @Test(arguments: Neighbour.all) func f26BadNeighbour(_ neighbour: Neighbour) async throws {
        let server = neighbour.overHTTP ? try await FakeServer.start(neighbour.flags) : nil
        let bad =
            try server.map { BackendText("bad", port: $0.port) } ?? BackendText(fake: "bad", neighbour.flags)
        let gateway = try await Rig.start(
            Rig.restless, backends: [bad, try BackendText(fake: "good")], running: ["bad", "good"])
        // On two cores the neighbour itself takes time from everybody; this is what the gateway adds.
        let allowed = scale.isLong ? 1.5 : 3.0
        let floor = scale.bound(.milliseconds(5), loose: .milliseconds(80))
        func isGood(_ comparison: Comparison) -> Bool {
            comparison.ratio <= allowed || comparison.noisy.percentile(0.99) <= floor
        }
        let phase = scale.phase
        let found = try await Rig.best(of: scale.tries, isGood) {
            var comparison = Comparison()
            let good = try Load(
                .calls(
                    port: gateway.port, server: "good", tool: "echo", connections: 4, interval: .milliseconds(20),
                    arguments: { "{\"text\":\"\($0)\"}" }))
            try await offPool { Sampling.rest(.milliseconds(300)) }
            let start = ContinuousClock.now
            try await offPool { Sampling.rest(phase) }
            let watch = Sampling(of: gateway.program.pid, every: .milliseconds(20))
            let noise = try Load(
                .calls(
                    port: gateway.port, server: "bad", tool: neighbour.tool, connections: neighbour.connections,
                    interval: neighbour.interval, timeout: .milliseconds(500), arguments: { _ in neighbour.arguments }))
            let middle = ContinuousClock.now
            try await offPool { Sampling.rest(phase) }
            let end = ContinuousClock.now
            let all = try await good.stop()
            comparison.bad = try await noise.stop()
            comparison.peak = try await watch.stop()
            comparison.quiet = all.between(start, middle)
            comparison.noisy = all.between(middle, end)
            return comparison
        }
        FaultReport.add(
            "F-26", "\(server == nil ? "stdio" : "http") neighbour \(neighbour.name)",
            [
                "healthy p99 \(found.quiet.percentile(0.99).brief) quiet",
                "\(found.noisy.percentile(0.99).brief) beside it (× \(hundredths(found.ratio)))",
                "\(found.noisy.errors) errors in \(found.noisy.calls.count) calls",
                "resident at most \(found.peak.megabytes) MiB",
                "bad one: \(found.bad.calls.count) calls, \(found.bad.codesText)",
            ].joined(separator: "; "))
        #expect(isGood(found), "× \(found.ratio)")
        #expect(found.noisy.errors == 0, "\(found.noisy.codes)")
        #expect(found.quiet.errors == 0)
        #expect(found.peak.megabytes <= 256)
        #expect(found.bad.calls.allSatisfy { $0.status != 0 })
        #expect(try await gateway.stop(within: .seconds(40)) == .code(0))
    }

    /// All floods at once.
    @Test func memoryStaysBoundedUnderAllFloods() async throws {
        let floods = Neighbour.all.filter { !$0.overHTTP && ($0.name.contains("flood") || $0.name.contains("huge")) }
        var backends = try floods.enumerated().map { try BackendText(fake: "flood\($0.offset)", $0.element.flags) }
        let names = backends.indices.map { "flood\($0)" } + ["good"]
        backends.append(try BackendText(fake: "good"))
        let gateway = try await Rig.start(Rig.restless, backends: backends, running: names)
        let watch = Sampling(of: gateway.program.pid, every: .milliseconds(10))
        let before = gateway.sample
        var loads: [Load] = []
        for name in names {
            let tool = name == "good" ? "big" : "echo"
            let arguments = name == "good" ? #"{"bytes":8000000}"# : #"{"text":"x"}"#
            loads.append(
                try Load(
                    .calls(
                        port: gateway.port, server: name, tool: tool, connections: 4, interval: .milliseconds(10),
                        timeout: .seconds(5), arguments: { _ in arguments })))
        }
        let phase = scale.phase * 2
        try await offPool { Sampling.rest(phase) }
        var all = LoadResult()
        for load in loads { all = try await all + load.stop() }
        let peak = try await watch.stop()
        let after = gateway.sample
        FaultReport.add(
            "P-18", "output, stderr, huge lines and 8 MB results together",
            "resident \(before.megabytes) MiB before, at most \(peak.megabytes) MiB, \(after.megabytes) MiB after; "
                + "\(all.calls.count) calls, \(all.codesText)")
        #expect(peak.megabytes <= 256)
        #expect(all.unanswered == 0)
        #expect(try await gateway.oneCall("good", "echo", #"{"text":"x"}"#).isSuccess)
        #expect(try await gateway.stop(within: .seconds(40)) == .code(0))
    }
}
