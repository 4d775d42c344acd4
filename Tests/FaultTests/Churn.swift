import GateProtocol
import GateTestKit
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// F-25, F-30, F-32: the gateway is changed and signalled while it works.
extension FaultTests {
    @Test func f25CatalogChurnUnderLoad() async throws {
        let gateway = try await Rig.start(
            Rig.restless, backends: [BackendText(fake: "steady")], running: ["steady"])
        let fake = try Products.path("fakemcp")
        let port = gateway.port
        let steady = try Load(
            .calls(port: port, server: "steady", tool: "echo", connections: 4, interval: .milliseconds(20)))
        let guest = try Load(
            .calls(
                port: port, server: "guest", tool: "echo", connections: 4, interval: .milliseconds(20),
                timeout: .seconds(2), arguments: { "{\"text\":\"\($0)\"}" }))
        let lists = try Load(.get(port: port, "/tools", connections: 2, interval: .milliseconds(50)))
        let rounds = scale.churnRounds
        for _ in 0..<rounds {
            let mark = gateway.logged
            let added = try await gateway.admin(
                "POST", "/server/add",
                json: "{\"name\":\"guest\",\"command\":\"\(fake)\",\"args\":[\"--name\",\"guest\",\"--prefix\",\"g_\"]}"
            )
            #expect(added.status == 201, "\(added.text)")
            try await gateway.running(["guest"], from: mark)
            let again = gateway.logged
            #expect(try await gateway.admin("POST", "/server/restart", json: #"{"name":"guest"}"#).status == 200)
            try await gateway.running(["guest"], from: again)
            #expect(try await gateway.admin("POST", "/server/remove", json: #"{"name":"guest"}"#).status == 200)
        }
        let calls = try await steady.stop()
        let guests = try await guest.stop()
        let listed = try await lists.stop()
        FaultReport.add(
            "F-25", "server added, restarted and removed under load",
            "\(rounds) rounds; steady server \(calls.calls.count) calls, \(calls.errors) errors, p99 "
                + "\(calls.percentile(0.99).brief); lists \(listed.calls.count), \(listed.errors) errors; "
                + "guest \(guests.calls.count) calls, \(guests.codesText)")
        #expect(calls.errors == 0, "\(calls.codes)")
        #expect(listed.errors == 0, "\(listed.codes)")
        #expect(guests.calls.allSatisfy { $0.status != 0 })
        #expect(try await gateway.value(of: "/server/list")["total"] == 1)
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func f30ReloadFaults() async throws {
        let gateway = try await Rig.start(
            Rig.restless, backends: [BackendText(fake: "steady"), BackendText(fake: "leaving")],
            running: ["steady", "leaving"])
        let whole = gateway.directory.read("config.toml") ?? ""
        let steady = try Load(
            .calls(port: gateway.port, server: "steady", tool: "echo", connections: 4, interval: .milliseconds(20)))
        func offer(_ text: String, _ answer: String) async throws {
            let mark = gateway.logged
            try gateway.directory.write(text, to: "config.toml")
            gateway.program.signal(SIGHUP)
            try await gateway.log(answer, from: mark)
        }
        // Broken in three ways: nothing changes.
        let half = String(whole.prefix(whole.utf8.count - 20))
        for broken in [whole + "[server\n", half, whole + "[limits]\nno_such_key = 1\n"] {
            try await offer(broken, "configuration not reloaded")
        }
        let stays = try await gateway.value(of: "/server/list")["total"]
        // A server with calls in flight is removed: they finish.
        let inFlight = try Load(
            .calls(
                port: gateway.port, server: "leaving", tool: "sleep", connections: 10, total: 10,
                arguments: { _ in #"{"ms":700}"# }))
        var count = 0
        while count < 10 { count = try await gateway.status(of: "leaving")["in_flight"]?.intValue ?? 0 }
        guard let cut = whole.ranges(of: "[[backends]]").last?.lowerBound else { throw TestKitError("no backends") }
        try await offer(String(whole[..<cut]), "configuration reloaded")
        let drained = try await inFlight.result()
        let gone = try await gateway.oneCall("leaving", "echo", #"{"text":"x"}"#)
        try await offer(whole, "configuration reloaded")
        try await gateway.running(["leaving"])
        let calls = try await steady.stop()
        FaultReport.add(
            "F-30", "3 broken files, a server with 10 calls in flight removed and added again",
            "steady server \(calls.calls.count) calls, \(calls.errors) errors, p99 \(calls.percentile(0.99).brief); of the "
                + "removed one's 10 calls \(10 - drained.errors) finished, then \(gone.code)")
        #expect(stays == 2)
        #expect(drained.errors == 0, "\(drained.codes)")
        #expect(gone.code == "SERVER_NOT_FOUND")
        #expect(calls.errors == 0, "\(calls.codes)")
        #expect(try await gateway.status(of: "steady")["restarts"] == 0)
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func f32SignalStorm() async throws {
        let names = ["s0", "s1"]
        let gateway = try await Rig.start(
            Rig.restless, backends: names.map { try BackendText(fake: $0) }, running: names)
        // Once of everything first: the runtime makes its timers on first use and keeps them.
        let first = gateway.logged
        kill(gateway.program.pid, SIGHUP)
        try await gateway.log("configuration reloaded", from: first)
        kill(try await gateway.pid(of: "s1"), SIGKILL)
        try await gateway.running(["s1"], from: first)
        let before = try await settled(gateway)
        let steady = try Load(
            .calls(port: gateway.port, server: "s0", tool: "echo", connections: 2, interval: .milliseconds(20)))
        let pid = gateway.program.pid
        let time = scale.signalStorm
        let storm = Journal<Int>(name: "storm")
        let ending = offPoolStorm(pid, time, storm)
        var restarts = 0
        while !storm.isEnded {
            let mark = gateway.logged
            kill(try await gateway.pid(of: "s1"), SIGKILL)
            try await gateway.running(["s1"], from: mark)
            restarts += 1
        }
        let sent = try await ending()
        let calls = try await steady.stop()
        let after = try await settled(gateway, like: before)
        FaultReport.add(
            "F-32", "SIGHUP, SIGCHLD, SIGPIPE, SIGUSR1, SIGUSR2, SIGWINCH for \(time.brief)",
            "\(sent) signals, \(restarts) children died meanwhile; \(calls.calls.count) calls, \(calls.errors) errors; "
                + "before: \(before.holdings); after: \(after.holdings)")
        #expect(calls.errors == 0, "\(calls.codes)")
        #expect(after.zombies == 0)
        #expect(after.children == before.children)
        #expect(after.descriptors == before.descriptors)
        #expect(try await gateway.stop() == .code(0))
    }

    private func offPoolStorm(
        _ pid: Int32, _ time: Duration, _ storm: Journal<Int>
    ) -> @Sendable () async throws -> Int {
        let signals = [SIGHUP, SIGCHLD, SIGPIPE, SIGUSR1, SIGUSR2, SIGWINCH]
        let task = Task {
            try await offPool {
                let start = ContinuousClock.now
                var sent = 0
                while .now - start < time {
                    kill(pid, signals[sent % signals.count])
                    sent += 1
                    Sampling.rest(.milliseconds(2))
                }
                storm.end()
                return sent
            }
        }
        return { try await task.value }
    }
}
