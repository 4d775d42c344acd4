import GateProtocol
import GateTestKit
import Testing

/// F-7: what a network can do to an HTTP backend's answer.
extension FaultTests {
    @Test(arguments: ["json", "sse"]) func f07Toxics(form: String) async throws {
        let directory = try TemporaryDirectory()
        let server = try await FakeServer.start(["--reply", form, "--ledger", directory.file("ledger")])
        let proxy = try ToxicProxy(to: server.port)
        let gateway = try await Rig.start(
            Rig.restless, backends: [BackendText("far", port: proxy.port), BackendText(fake: "near")],
            running: ["far", "near"])
        let patience = Duration.milliseconds(400)
        let near = try Load(
            .calls(port: gateway.port, server: "near", tool: "echo", connections: 1, interval: .milliseconds(20)))
        let before = gateway.sample
        let all = Toxic.all
        let rounds = scale.toxicRounds / 2
        var result = LoadResult()
        var wrong: [String] = []
        var taken = 0
        var byKind: [Toxic.Kind: [String: Int]] = [:]
        for round in 0..<rounds {
            let toxic = all[round % all.count]
            proxy.set(toxic, for: "\"tools/call\"")
            let call = try await gateway.oneCall(
                "far", "add", #"{"a":1,"b":2,"key":"k\#(round)"}"#, timeout: patience)
            result.calls.append(call)
            byKind[toxic.kind, default: [:]][call.isSuccess ? "answered" : call.code, default: 0] += 1
            if let problem = problem(of: call, toxic, patience) { wrong.append("\(toxic): \(problem)") }
            proxy.set(nil)
            // A connection that went silent or was reset behind an answer can take one more call with it, which says so;
            // then all is as before.
            for attempt in 0..<3 {
                let next = try await gateway.oneCall("far", "echo", #"{"text":"x"}"#, timeout: patience)
                if next.isSuccess { break }
                if attempt == 0, toxic.moment == .after, next.sent == true, next.retryable == false {
                    taken += 1
                } else {
                    wrong.append("after \(toxic): \(next.code)")
                }
            }
        }
        let executions = Rig.executions(in: directory, "ledger").filter { $0.key.hasPrefix("k") }
        let healthy = try await near.stop()
        _ = try await Sampling.until(within: .seconds(5)) { gateway.sample.descriptors <= before.descriptors + 8 }
        let after = gateway.sample
        let kinds = byKind.sorted { $0.key.rawValue < $1.key.rawValue }.map { kind, codes in
            "\(kind.rawValue): " + codes.map { "\($0.value) \($0.key)" }.sorted().joined(separator: " ")
        }
        FaultReport.add(
            "F-7", "http (\(form)), 8 toxics × before, during, after the answer",
            "\(rounds) calls, the slowest \(result.slowest.brief) of \(patience.brief), executed at most "
                + "\(executions.values.max() ?? 0) time; \(kinds.joined(separator: "; ")); "
                + "\(taken) later calls lost with a dead connection; neighbour \(healthy.errors) errors; "
                + "descriptors \(before.descriptors) → \(after.descriptors), threads \(before.threads) → \(after.threads)"
        )
        #expect(wrong.isEmpty, "\(wrong.prefix(10))")
        #expect(executions.values.max() ?? 0 <= 1)
        #expect(healthy.errors == 0, "\(healthy.codes)")
        // Connections that are kept alive may differ by the pool's size.
        #expect(after.descriptors <= before.descriptors + 8)
        #expect(try await gateway.stop() == .code(0))
    }

    /// What a call may not become: late, wrongly classified, or silently something else.
    private func problem(of call: CallRecord, _ toxic: Toxic, _ patience: Duration) -> String? {
        if call.duration > patience + .seconds(1) { return "stuck for \(call.duration.brief)" }
        if call.status == 0 { return "no answer" }
        if call.isSuccess {
            let harmless = toxic.moment == .after || toxic.kind == .latency || toxic.kind == .trickle
            return harmless || toxic.kind == .refuse ? nil : "an answer that never came whole"
        }
        let allowed: Set<String> = [
            "TIMEOUT", "OUTCOME_UNKNOWN", "BACKEND_DIED", "BACKEND_PROTOCOL_ERROR", "BACKEND_DOWN",
        ]
        if !allowed.contains(call.code) { return call.code }
        if call.code == "BACKEND_DOWN" { return call.sent == false ? nil : "down, but sent" }
        if call.sent != true { return "\(call.code) does not say sent" }
        if call.retryable == true { return "\(call.code) says retryable" }
        return nil
    }
}
