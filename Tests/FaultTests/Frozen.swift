import GateProtocol
import GateTestKit
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// F-5 and F-6: processes that are stopped and go on.
extension FaultTests {
    @Test func f05StdioBackendStopped() async throws {
        let directory = try TemporaryDirectory()
        let config = Rig.wide + "[circuit_breaker]\nfailure_threshold = 5\nreset_timeout = 1\n\n"
        let gateway = try await Rig.start(
            config, backends: [BackendText(fake: "victim", ["--ledger", directory.file("ledger")])],
            running: ["victim"])
        let pid = try await gateway.pid(of: "victim")
        kill(pid, SIGSTOP)
        try await frozen(gateway, scene: "stdio", calls: 200) { kill(pid, SIGCONT) }
        let executions = Rig.executions(in: directory, "ledger")
        #expect(executions.values.max() ?? 0 <= 1)
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func f05HTTPBackendStopped() async throws {
        let server = try await FakeServer.start()
        let config = Rig.wide + "[circuit_breaker]\nfailure_threshold = 5\nreset_timeout = 1\n\n"
        let gateway = try await Rig.start(
            config, backends: [BackendText("victim", port: server.port)], running: ["victim"])
        server.program.signal(SIGSTOP)
        try await frozen(gateway, scene: "http", calls: 200) { server.program.signal(SIGCONT) }
        #expect(try await gateway.stop() == .code(0))
    }

    private func frozen(_ gateway: GatewayProcess, scene: String, calls: Int, thaw: () -> Void) async throws {
        let patience = Duration.milliseconds(600)
        let stuck = try await Load.run(
            .calls(
                port: gateway.port, server: "victim", tool: "echo", connections: calls, total: calls,
                timeout: patience, arguments: { #"{"text":"late","key":"stuck\#($0)"}"# }))
        let late = stuck.calls.filter { $0.code == "TIMEOUT" }
        let latest = (late.map(\.duration).max() ?? .zero) - patience
        let earliest = patience - (late.map(\.duration).min() ?? .zero)
        let open = try await Rig.best(
            of: scale.tries, { $0.percentile(0.99) < .milliseconds(5) }
        ) {
            try await Load.run(
                .calls(port: gateway.port, server: "victim", tool: "echo", connections: 1, total: 100))
        }
        let circuit = try await gateway.status(of: "victim")["circuit"]?.stringValue ?? ""
        let refused = open.calls.filter { $0.code == "CIRCUIT_OPEN" }
        let speed = LoadResult.percentile(0.99, of: refused.map(\.duration))
        thaw()
        let back = try await gateway.answers("victim")
        FaultReport.add(
            "F-5", scene,
            "\(stuck.calls.count) calls: \(late.count) timed out, the latest \(latest.brief) after its time; "
                + "circuit \(circuit), \(refused.count) of \(open.calls.count) later calls refused, "
                + "p99 \(speed.brief); usable \(back.brief) after SIGCONT")
        #expect(late.count >= 5)
        #expect(stuck.calls.allSatisfy { $0.code == "TIMEOUT" || $0.code == "CIRCUIT_OPEN" }, "\(stuck.codes)")
        #expect(latest <= scale.bound(.milliseconds(100), loose: .seconds(1)))
        #expect(earliest <= .milliseconds(20))
        #expect(circuit == "open")
        #expect(refused.count >= 90)
        #expect(speed < scale.bound(.milliseconds(5), loose: .milliseconds(50)))
        #expect(LoadResult.percentile(0.5, of: refused.map(\.duration)) < .milliseconds(5))
        #expect(refused.allSatisfy { $0.sent == false && $0.hasRetryAfter })
    }

    @Test func f06GatewayStopped() async throws {
        let server = try await FakeServer.start()
        let gateway = try await Rig.start(
            backends: [BackendText(fake: "stdio"), BackendText("http", port: server.port)], running: ["stdio", "http"])
        let before = gateway.sample
        let loads = try ["stdio", "http"].map { name in
            try Load(
                .calls(
                    port: gateway.port, server: name, tool: "sleep", connections: 25, interval: .milliseconds(200),
                    timeout: .seconds(100), arguments: { _ in #"{"ms":50}"# }))
        }
        let time = scale.frozenGateway
        try await offPool {
            Sampling.rest(.milliseconds(500))
            kill(gateway.program.pid, SIGSTOP)
            Sampling.rest(time)
            kill(gateway.program.pid, SIGCONT)
            Sampling.rest(.milliseconds(1_500))
        }
        var all = LoadResult()
        for load in loads { all = try await all + load.stop() }
        var restarts = 0
        for name in ["stdio", "http"] {
            restarts += try await gateway.status(of: name)["restarts"]?.intValue ?? 0
        }
        FaultReport.add(
            "F-6", "gateway stopped for \(time.brief)",
            "50 clients, \(all.calls.count) calls, \(all.errors) errors, \(restarts) restarts, "
                + "\(all.unanswered) unanswered")
        #expect(all.errors == 0, "\(all.codes)")
        #expect(restarts == 0)
        #expect(gateway.sample.children == before.children)
        #expect(try await gateway.stop() == .code(0))
    }
}
