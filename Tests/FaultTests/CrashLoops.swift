import GateProtocol
import GateTestKit
import Testing

/// F-9: backends that end as soon as they start.
extension FaultTests {
    @Test func f09TwentyCrashLoopingBackends() async throws {
        let brand = Brand()
        let loopers = (1...20).map { number in
            BackendText("loop\(number)", command: "/bin/sh", arguments: ["-c", "sleep 0.05; exit 3"], brand: brand)
        }
        let gateway = try await Rig.start(
            backends: loopers + [BackendText(fake: "healthy")], running: ["healthy"])
        let watch = Sampling(of: gateway.program.pid, every: .milliseconds(10)) { brand.groups }
        let start = ContinuousClock.now
        let health = try Load(.get(port: gateway.port, "/health", connections: 1, interval: .milliseconds(50)))
        let calm = try await Sampling.until(within: .seconds(60), every: .milliseconds(100)) {
            gateway.program.errors.all.count { $0.contains("server is crash_looping") } >= 20
        }
        let storm = ContinuousClock.now - start
        let before = gateway.sample
        let watched = scale.crashLoopWatch
        try await offPool { Sampling.rest(watched) }
        let after = gateway.sample
        let peak = try await watch.stop()
        let checks = try await health.stop()
        let own = (after.processorTime - before.processorTime) * 1000 / watched.milliseconds * 100
        let all = own + (after.childrenTime - before.childrenTime) * 1000 / watched.milliseconds * 100
        var starts = 0
        var states: Set<String> = []
        for number in 1...20 {
            let status = try await gateway.status(of: "loop\(number)")
            starts = max(starts, (status["restarts"]?.intValue ?? 0) + 1)
            states.insert(status["status"]?.stringValue ?? "")
        }
        // One start a minute each, when a minute has passed.
        let allowed = 6 + Int(watched.milliseconds / 60_000)
        FaultReport.add(
            "F-9", "20 crash-looping backends",
            "given up after \(storm.brief) with at most \(starts) starts each, \(peak.custom) at once; then "
                + "\(percent(own)) of a core, \(percent(all)) with their processes; /health p99 "
                + "\(checks.percentile(0.99).brief), \(checks.errors) errors")
        #expect(calm != nil)
        #expect(starts <= allowed)
        #expect(peak.custom <= 4)
        #expect(states.isSubset(of: ["crash_looping", "starting"]))
        #expect(own < 5)
        #expect(checks.errors == 0)
        #expect(checks.percentile(0.95) < scale.bound(.milliseconds(20), loose: .milliseconds(60)))

        // On demand it is tried at once.
        let mark = gateway.logged
        _ = try await gateway.admin("POST", "/server/restart", json: #"{"name":"loop1"}"#)
        try await gateway.log("[loop1] server is starting", from: mark)
        #expect(try await gateway.stop() == .code(0))
        #expect(after.zombies == 0)
    }

    private func percent(_ value: Double) -> String { "\(Double(Int(value * 10)) / 10) %" }
}
