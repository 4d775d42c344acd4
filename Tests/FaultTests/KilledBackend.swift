import GateProtocol
import GateTestKit
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// F-2: a backend dies with 100 calls in flight.
extension FaultTests {
    private struct Death: Sendable {
        var noticed = Duration.zero
        var answered = Duration.zero
        var begun = Duration.zero
        var codes: [String: Int] = [:]
        var allSaidSent = true
        var healthy = LoadResult()

        func isGood(_ scale: FaultScale) -> Bool {
            noticed <= .milliseconds(50) && answered <= .milliseconds(200) && begun <= .milliseconds(150)
                && healthy.errors == 0
        }

        var text: String {
            let errors = codes.map { "\($0.value) \($0.key)" }.sorted().joined(separator: ", ")
            return "noticed \(noticed.brief), 100 in flight answered p99 \(answered.brief) (\(errors)), "
                + "healthy neighbour \(healthy.calls.count) calls, \(healthy.errors) errors, "
                + "p99 \(healthy.percentile(0.99).brief)"
        }
    }

    @Test func f02StdioBackendKilledWith100InFlight() async throws {
        let gateway = try await Rig.start(
            backends: [BackendText(fake: "victim"), BackendText(fake: "healthy")], running: ["victim", "healthy"])
        let death = try await Rig.best(of: scale.tries, { $0.isGood(scale) }) {
            let pid = try await gateway.pid(of: "victim")
            let mark = gateway.logged
            var killed = LogClock.now
            var death = try await inFlight(gateway) {
                killed = .now
                kill(pid, SIGKILL)
            }
            let ended = try await gateway.log("[victim] the connection ended", from: mark)
            let begun = try await gateway.log("[victim] server is starting", from: mark)
            death.noticed = try #require(LogClock(line: ended)).since(killed)
            death.begun = try #require(LogClock(line: begun)).since(killed)
            try await gateway.running(["victim"], from: mark)
            return death
        }
        FaultReport.add("F-2", "stdio", "\(death.text), respawn begun \(death.begun.brief)")
        check(death)
        #expect(death.begun <= .milliseconds(150))
        let again = try await gateway.oneCall("victim", "echo", #"{"text":"again"}"#)
        #expect(again.isSuccess, "\(again.code)")
        #expect(try await gateway.status(of: "healthy")["restarts"] == 0)
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func f02HTTPBackendKilledWith100InFlight() async throws {
        var server = try await FakeServer.start()
        let port = server.port
        // One death fails a hundred calls, which opens the circuit: this test is about the connection behind it.
        let config = Rig.wide + "[circuit_breaker]\nreset_timeout = 1\n\n"
        let gateway = try await Rig.start(
            config, backends: [BackendText("victim", port: port), BackendText(fake: "healthy")],
            running: ["victim", "healthy"])
        var back = Duration.zero
        let death = try await Rig.best(of: scale.tries, { $0.isGood(scale) }) {
            let dying = server
            let death = try await inFlight(gateway) { dying.program.signal(SIGKILL) }
            server = try await FakeServer.start(port: port)
            back = try await gateway.answers("victim")
            return death
        }
        FaultReport.add("F-2", "http", "\(death.text), usable \(back.brief) after it was back")
        check(death)
        #expect(try await gateway.stop() == .code(0))
    }

    private func check(_ death: Death) {
        #expect(death.noticed <= .milliseconds(50))
        #expect(death.answered <= .milliseconds(200))
        #expect(death.codes.values.reduce(0, +) == 100)
        #expect(Set(death.codes.keys).isSubset(of: ["BACKEND_DIED", "OUTCOME_UNKNOWN"]))
        #expect(death.allSaidSent)
        #expect(death.healthy.errors == 0)
    }

    /// Puts 100 calls into the victim, kills it, and sees what becomes of them.
    private func inFlight(_ gateway: GatewayProcess, kill: () -> Void) async throws -> Death {
        let healthy = try Load(
            .calls(
                port: gateway.port, server: "healthy", tool: "echo", connections: 1, interval: .milliseconds(20),
                arguments: { "{\"text\":\"\($0)\"}" }))
        let load = try Load(
            .calls(
                port: gateway.port, server: "victim", tool: "sleep", connections: 100, total: 100,
                arguments: { _ in #"{"ms":60000}"# }))
        // Where the calls are is known when the backend has them all.
        var inFlight = 0
        while inFlight < 100 {
            inFlight = try await gateway.status(of: "victim")["in_flight"]?.intValue ?? 0
        }
        // The gateway has them all when it counts them; over HTTP the last may still be on its way. What is sent behind them and
        // answered has them all before it.
        let behind = try await gateway.oneCall("victim", "echo", #"{"text":"behind"}"#)
        #expect(behind.isSuccess, "\(behind.code)")
        let killed = ContinuousClock.now
        kill()
        let result = try await load.result()
        var death = Death()
        death.answered = LoadResult.percentile(0.99, of: result.calls.map { $0.end - killed })
        death.noticed = result.calls.map { $0.end - killed }.min() ?? .zero
        death.codes = result.codes
        death.allSaidSent = result.calls.allSatisfy { $0.sent == true && $0.retryable == false }
        death.healthy = try await healthy.stop()
        return death
    }
}
