import GateProtocol
import GateTestKit
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// F-20 and F-21: many restarts and failed starts leave nothing behind.
extension FaultTests {
    @Test func f20RestartsLeaveNothingBehind() async throws {
        let names = ["r0", "r1", "r2", "r3"]
        let gateway = try await Rig.start(
            Rig.restless, backends: names.map { try BackendText(fake: $0) }, running: names)
        var done = 0
        func round(_ number: Int) async throws {
            let name = names[number % names.count]
            let mark = gateway.logged
            switch number % 3 {
            case 0: kill(try await gateway.pid(of: name), SIGKILL)
            case 1: _ = try await gateway.oneCall(name, "crash", #"{"when":"reply"}"#)
            default: _ = try await gateway.admin("POST", "/server/restart", json: "{\"name\":\"\(name)\"}")
            }
            try await gateway.log("[\(name)] server is starting", from: mark)
            try await gateway.running([name], from: mark)
            done += 1
        }
        // The first few make what is made once: threads, caches.
        for number in 0..<24 { try await round(number) }
        let before = try await settled(gateway)
        let start = ContinuousClock.now
        for number in 0..<scale.restarts { try await round(number) }
        let time = ContinuousClock.now - start
        let after = try await settled(gateway, like: before)
        let slope = Double(after.resident - before.resident) / Double(scale.restarts) / 1024
        FaultReport.add(
            "F-20", "stdio: killed, crashed and restarted in turn",
            "\(scale.restarts) restarts in \(time.brief); before: \(before.holdings); after: \(after.holdings); resident "
                + "\(before.megabytes) → \(after.megabytes) MiB (\(Double(Int(slope * 100)) / 100) KiB a restart)")
        #expect(after.isBack(at: before), "\(before.holdings) → \(after.holdings)")
        #expect(!scale.isLong || slope <= 1)
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func f20HTTPReconnectionsLeaveNothingBehind() async throws {
        let server = try await FakeServer.start()
        let proxy = try ToxicProxy(to: server.port)
        let gateway = try await Rig.start(
            Rig.restless, backends: [BackendText("far", port: proxy.port)], running: ["far"])
        func round() async throws {
            let mark = gateway.logged
            _ = try await gateway.admin("POST", "/server/restart", json: #"{"name":"far"}"#)
            try await gateway.running(["far"], from: mark)
        }
        for _ in 0..<10 { try await round() }
        let before = try await settled(gateway)
        let rounds = scale.restarts / 4
        for _ in 0..<rounds { try await round() }
        let after = try await settled(gateway, like: before)
        FaultReport.add(
            "F-20", "http: reconnected",
            "\(rounds) reconnections; before: \(before.holdings); after: \(after.holdings); resident "
                + "\(before.megabytes) → \(after.megabytes) MiB")
        #expect(after.isBack(at: before), "\(before.holdings) → \(after.holdings)")
        #expect(try await gateway.stop() == .code(0))
    }

    /// Counts are compared when what is on its way out has gone.
    func settled(_ gateway: GatewayProcess, like before: ProcessSample? = nil) async throws -> ProcessSample {
        try await Sampling.settled(gateway.program.pid, like: before)
    }

    @Test func f21FailedStartsLeaveNothingBehind() async throws {
        let directory = try TemporaryDirectory()
        let plain = try directory.write("not a program", to: "plain")
        let script = try directory.write("#!/no/such/interpreter\n", to: "script")
        chmod(script, 0o755)
        let causes = [
            BackendText("missing", command: "/no/such/program"),
            BackendText("not-executable", command: plain),
            BackendText("bad-interpreter", command: script),
            BackendText("bad-cwd", command: "/bin/true").with("cwd = \"/no/such/directory\""),
            BackendText("directory", command: "/tmp"),
        ]
        let gateway = try await Rig.start(
            Rig.restless, backends: causes + [BackendText(fake: "healthy")], running: ["healthy"])
        let names = ["missing", "not-executable", "bad-interpreter", "bad-cwd", "directory"]
        func fail(_ name: String) async throws {
            let mark = gateway.logged
            _ = try await gateway.admin("POST", "/server/restart", json: "{\"name\":\"\(name)\"}")
            try await gateway.log("[\(name)] server is backing_off", from: mark)
        }
        for name in names { try await fail(name) }
        for name in names { _ = try await gateway.admin("POST", "/server/stop", json: "{\"name\":\"\(name)\"}") }
        let before = try await settled(gateway)
        for number in 0..<scale.spawnFailures { try await fail(names[number % names.count]) }
        for name in names { _ = try await gateway.admin("POST", "/server/stop", json: "{\"name\":\"\(name)\"}") }
        let after = try await settled(gateway, like: before)
        var said: [String] = []
        for name in names {
            let status = try await gateway.status(of: name)
            said.append(status["last_error"]?.stringValue ?? status["reason"]?.stringValue ?? "nothing")
        }
        FaultReport.add(
            "F-21", "missing, not executable, bad interpreter, bad cwd, directory",
            "\(scale.spawnFailures) failed starts; before: \(before.holdings); after: \(after.holdings); "
                + "\(Set(said).count) causes told apart")
        #expect(after.isBack(at: before), "\(before.holdings) → \(after.holdings)")
        #expect(Set(said).count == names.count, "\(said)")
        #expect(try await gateway.oneCall("healthy", "echo", #"{"text":"x"}"#).isSuccess)
        #expect(try await gateway.stop() == .code(0))
    }
}
