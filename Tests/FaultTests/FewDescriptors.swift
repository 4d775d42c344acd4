import GateProtocol
import GateTestKit
import Testing

/// F-15: hardly any descriptors, many clients, many backends.
extension FaultTests {
    @Test func f15FewDescriptors() async throws {
        let names = (1...20).map { "b\($0)" }
        let gateway = try await Rig.start(
            Rig.wide, backends: names.map { try BackendText(fake: $0) },
            launcher: ["/usr/bin/prlimit", "--nofile=64:64"])
        let port = gateway.port
        // What fits has started, what does not says so.
        var plan = Load.Plan.calls(
            port: port, server: "b1", tool: "echo", connections: 200, interval: .milliseconds(250),
            arguments: { "{\"text\":\"\($0)\"}" })
        // Who is not even accepted goes away.
        plan.patience = .seconds(3)
        let load = try Load(plan)
        let phase = scale.phase * 2
        try await offPool { Sampling.rest(phase) }
        let crowded = gateway.sample
        let result = try await load.stop()
        let ended = try? await gateway.program.exit(within: .milliseconds(300))
        #expect(ended == nil)
        // The crowd is gone when its connections are.
        let start = ContinuousClock.now
        var calm = try await gateway.value(of: "/health")
        while calm["status"] == nil, .now - start < .seconds(15) {
            try await offPool { Sampling.rest(.milliseconds(50)) }
            calm = try await gateway.value(of: "/health")
        }
        var states: [String: Int] = [:]
        var why: Set<String> = []
        for server in try await gateway.value(of: "/server/list")["servers"]?.arrayValue ?? [] {
            states[server["status"]?.stringValue ?? "", default: 0] += 1
            if server["status"] != "running" { why.insert(server["reason"]?.stringValue ?? "") }
        }
        FaultReport.add(
            "F-15", "64 descriptors, 200 clients, 20 backends",
            "\(result.calls.count) calls, \(result.calls.count - result.errors) answered, \(result.codesText); "
                + "\(crowded.descriptors) descriptors at most; "
                + states.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
                + "; afterwards /health says \(calm["status"]?.stringValue ?? "nothing")")
        #expect(calm["status"] != nil)
        #expect(crowded.descriptors <= 64)
        #expect(gateway.sample.zombies == 0)
        #expect(try await gateway.stop(within: .seconds(40)) == .code(0))
    }
}
