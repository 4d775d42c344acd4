import GateProtocol
import GateTestKit
import Testing

/// F-27: the circuit breaker, seen from both sides of the wire.
extension FaultTests {
    private static let quick = """
        [circuit_breaker]
        failure_threshold = 5
        reset_timeout = 1
        success_threshold = 2


        """

    @Test func f27WhatCountsAndWhatDoesNot() async throws {
        let server = try await FakeServer.start()
        let proxy = try ToxicProxy(to: server.port)
        let gateway = try await Rig.start(
            Rig.wide + Self.quick, backends: [BackendText("far", port: proxy.port)], running: ["far"])
        func circuit() async throws -> String { try await gateway.status(of: "far")["circuit"]?.stringValue ?? "" }
        func calls(_ count: Int, _ tool: String, _ arguments: String = "{}", toxic: Toxic? = nil) async throws
            -> [String: Int]
        {
            proxy.set(toxic, for: "\"tools/call\"")
            defer { proxy.set(nil) }
            return try await Load.run(
                .calls(
                    port: gateway.port, server: "far", tool: tool, connections: 1, total: count,
                    timeout: .milliseconds(200), arguments: { _ in arguments })
            ).codes
        }
        // A tool's own no.
        #expect(try await calls(8, "fail") == ["TOOL_ERROR": 8])
        #expect(try await circuit() == "closed")
        // Four failures, one success, four failures: never five in a row.
        let reset = Toxic(.reset, .before)
        _ = try await calls(4, "echo", #"{"text":"x"}"#, toxic: reset)
        #expect(try await calls(1, "echo", #"{"text":"x"}"#).isEmpty)
        _ = try await calls(4, "echo", #"{"text":"x"}"#, toxic: reset)
        #expect(try await circuit() == "closed")
        // The fifth.
        _ = try await calls(1, "echo", #"{"text":"x"}"#, toxic: reset)
        #expect(try await circuit() == "open")
        #expect(try await gateway.answers("far") < .seconds(4))
        #expect(try await circuit() == "closed")
        // Timeouts are failures.
        #expect(try await calls(5, "hang") == ["TIMEOUT": 5])
        #expect(try await circuit() == "open")
        FaultReport.add(
            "F-27", "truth table, http",
            "8 tool errors leave it closed; 4 failures, 1 success, 4 failures too; the 5th in a row opens it; "
                + "5 timeouts open it")
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func f27OneProbeWith100CallersAtTheDoor() async throws {
        let server = try await FakeServer.start()
        let proxy = try ToxicProxy(to: server.port)
        let gateway = try await Rig.start(
            Rig.wide + Self.quick, backends: [BackendText("far", port: proxy.port).with("health_check = false")],
            running: ["far"])
        // Nothing is answered, probes neither.
        proxy.set(Toxic(.stall, .before), for: "POST")
        let failing = try await Load.run(
            .calls(
                port: gateway.port, server: "far", tool: "echo", connections: 5, total: 5,
                timeout: .milliseconds(200), arguments: { _ in #"{"text":"x"}"# }))
        #expect(failing.codes == ["TIMEOUT": 5])
        let calls = proxy.requests(containing: "\"tools/call\"")
        let everything = proxy.requests(containing: "POST")
        let door = try Load(
            .calls(
                port: gateway.port, server: "far", tool: "echo", connections: 100, interval: .milliseconds(100),
                timeout: .milliseconds(900), arguments: { _ in #"{"text":"x"}"# }))
        try await offPool { Sampling.rest(.milliseconds(2_000)) }
        let probes = proxy.requests(containing: "POST") - everything
        let guineaPigs = proxy.requests(containing: "\"tools/call\"") - calls
        proxy.set(nil)
        let closed = try await Sampling.until(within: .seconds(20)) { door.soFar.calls.contains { $0.isSuccess } }
        let all = try await door.stop()
        let refused = all.calls.filter { $0.code == "CIRCUIT_OPEN" }
        FaultReport.add(
            "F-27", "half-open with 100 callers, http",
            "in 2 s \(probes) probe(s) and \(guineaPigs) users' calls reached the failing server; "
                + "\(refused.count) calls refused, p99 \(LoadResult.percentile(0.99, of: refused.map(\.duration)).brief); "
                + "closed \(closed?.brief ?? "never") after the server was well")
        #expect(guineaPigs == 0)
        #expect((1...2).contains(probes))
        #expect(closed != nil)
        #expect(all.calls.allSatisfy { $0.status != 0 })
        #expect(
            LoadResult.percentile(0.5, of: refused.map(\.duration))
                < scale.bound(
                    .milliseconds(5), loose: .milliseconds(20)))
        #expect(try await gateway.stop() == .code(0))
    }
}
