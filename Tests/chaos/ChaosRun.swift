import GateProtocol
import GateTestKit

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Quiet, chaos, rest, and the end of the gateway by kill -9.
struct ChaosRun {
    let seconds: Int
    let seed: UInt64
    let screen: Screen

    private var quietTime: Duration { .seconds(max(1, min(10, seconds / 4))) }

    func play() async throws -> Verdict {
        var verdict = Verdict(seconds: seconds, seed: seed)
        screen.say("Starting a gateway with \(Town.healthy.count) good servers and \(Town.evil.count) evil ones …")
        let town = try await Town.build()
        let gateway = town.gateway
        try await town.evil("stop")
        // What the first calls make and what stays, such as kept-alive connections, belongs to both sides of the comparison.
        for load in try Town.healthy.map({ try load($0, town, interval: .milliseconds(5)) }) {
            try await offPool { Sampling.rest(.milliseconds(150)) }
            _ = try await load.stop()
        }
        verdict.before = try await town.atRest()

        let healthy = try Town.healthy.map { try load($0, town, interval: .milliseconds(20)) }
        screen.say("Quiet: \(Town.healthy.count * 2) clients on the good servers, \(quietTime.brief).")
        try await watch(quietTime, healthy: healthy, evil: [], faults: { 0 }, gateway)
        let start = ContinuousClock.now

        screen.say("Chaos: the evil servers start, and everything goes wrong for \(seconds) s.")
        let watching = Sampling(of: gateway.program.pid, every: .milliseconds(25))
        let first = gateway.sample
        try await town.evil("start")
        let evil = try Town.evil.map { try load($0.name, town, interval: .milliseconds(50), timeout: .seconds(1)) }
        let injector = Injector(town: town, seed: seed, end: start + .seconds(seconds))
        async let injected = injector.run()
        try await watch(.seconds(seconds), healthy: healthy, evil: evil, faults: { injector.count }, gateway)
        verdict.injected = try await injected
        let end = ContinuousClock.now
        verdict.processorShare =
            (gateway.sample.processorTime - first.processorTime) / max(0.001, (end - start).milliseconds / 1000)

        screen.say("Rest: the last answers, the evil servers are stopped.")
        for (target, load) in zip(Town.evil, evil) { verdict.evil.append((target.name, try await load.stop())) }
        for (name, load) in zip(Town.healthy, healthy) {
            let all = try await load.stop()
            verdict.quiet.append((name, all.between(start - quietTime, start)))
            verdict.healthy.append((name, all.between(start, end)))
            verdict.unanswered += all.unanswered
        }
        verdict.unanswered += verdict.evil.reduce(0) { $0 + $1.1.unanswered }
        try town.reload(guest: false)
        for (name, _) in Town.evil {
            verdict.restarts[name] = try await gateway.status(of: name)["restarts"]?.intValue ?? 0
        }
        try await town.evil("stop")
        verdict.after = try await town.atRest(like: verdict.before)
        verdict.peak = try await watching.stop()
        try verdict.judge(town.ledgers)

        screen.say("The end: kill -9 of the gateway.")
        verdict.processes = town.brand.bearers.count
        gateway.program.signal(SIGKILL)
        verdict.gone = try await town.brand.gone(within: .seconds(5))
        verdict.orphans = town.brand.bearers.count
        return verdict
    }

    private func load(_ server: String, _ town: Town, interval: Duration, timeout: Duration? = nil) throws -> Load {
        try Load(
            .calls(
                port: town.gateway.port, server: server, tool: "echo", connections: 2, interval: interval,
                timeout: timeout, agent: "user-of-\(server)",
                arguments: { "{\"text\":\"\($0)\",\"key\":\"\(server)-\($0)\"}" }))
    }

    /// A line each second.
    private func watch(
        _ time: Duration, healthy: [Load], evil: [Load], faults: () -> Int, _ gateway: GatewayProcess
    ) async throws {
        let start = ContinuousClock.now
        var last = gateway.sample
        var second = 0
        while ContinuousClock.now < start + time {
            try await offPool { Sampling.rest(min(.seconds(1), max(.zero, start + time - .now))) }
            second += 1
            let now = ContinuousClock.now
            func recent(_ loads: [Load]) -> LoadResult {
                loads.reduce(LoadResult()) { $0 + $1.soFar.between(now - .milliseconds(1_200), now) }
            }
            let good = recent(healthy)
            let bad = recent(evil)
            let sample = gateway.sample
            let share = Int((sample.processorTime - last.processorTime) * 100)
            last = sample
            let parts = [
                "\(second) s",
                "good: \(good.calls.count * 5 / 6) calls/s p99 \(good.percentile(0.99).brief), \(good.errors) errors",
                "evil: \(bad.calls.count * 5 / 6) calls/s, \(bad.errors * 5 / 6) failed", "faults: \(faults())",
                "gateway: \(share) % cpu, \(sample.megabytes) MiB, \(sample.descriptors) fds, \(sample.threads) threads",
            ]
            screen.live("  " + parts.joined(separator: "  |  "))
        }
        screen.endLive()
    }
}
