import GateProtocol
import GateTestKit
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// F-3 and F-4: what was sent is never repeated; what was not may be. The ledger is the judge.
extension FaultTests {
    @Test func f03StdioCallsThatRanAndDiedUnanswered() async throws {
        let directory = try TemporaryDirectory()
        let gateway = try await Rig.start(
            Rig.restless, backends: [BackendText(fake: "victim", ["--ledger", directory.file("ledger")])],
            running: ["victim"])
        let result = try await Load.run(
            .calls(
                port: gateway.port, server: "victim", tool: "crash", connections: 1, total: scale.ledgerRounds,
                arguments: { #"{"when":"after","key":"k\#($0)"}"# }))
        try judge(result, Rig.executions(in: directory, "ledger"), scene: "stdio")
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func f03HTTPCallsThatRanAndLostTheirAnswer() async throws {
        let directory = try TemporaryDirectory()
        let server = try await FakeServer.start(["--ledger", directory.file("ledger")])
        let proxy = try ToxicProxy(to: server.port)
        let gateway = try await Rig.start(
            Rig.restless, backends: [BackendText("victim", port: proxy.port)], running: ["victim"])
        proxy.set(Toxic(.reset, .before), for: "\"tools/call\"")
        let result = try await Load.run(
            .calls(
                port: gateway.port, server: "victim", tool: "add", connections: 1, total: scale.ledgerRounds,
                arguments: { #"{"a":1,"b":2,"key":"k\#($0)"}"# }))
        try judge(result, Rig.executions(in: directory, "ledger"), scene: "http")
        #expect(try await gateway.stop() == .code(0))
    }

    private func judge(_ result: LoadResult, _ executions: [String: Int], scene: String) throws {
        let unknown = result.calls.count { $0.sent == true && $0.retryable == false }
        let codes = result.codesText
        FaultReport.add(
            "F-3", scene,
            "\(result.calls.count) calls, \(executions.count) executed, at most "
                + "\(executions.values.max() ?? 0) time each; answers: \(codes), \(unknown) of them sent and not retryable"
        )
        #expect(result.calls.count == scale.ledgerRounds)
        #expect(executions.count == scale.ledgerRounds)
        #expect(executions.values.max() == 1)
        #expect(unknown == scale.ledgerRounds)
        #expect(Set(result.codes.keys).isSubset(of: ["BACKEND_DIED", "OUTCOME_UNKNOWN"]))
    }

    /// The child is dead before the first byte: the call waits for the next one and runs once.
    @Test func f04StdioChildDeadBeforeTheFirstByte() async throws {
        let directory = try TemporaryDirectory()
        let gateway = try await Rig.start(
            Rig.restless, backends: [BackendText(fake: "victim", ["--ledger", directory.file("ledger")])],
            running: ["victim"])
        let rounds = scale.ledgerRounds
        var good = 0
        var notSent = 0
        for round in 0..<rounds {
            let mark = gateway.logged
            kill(try await gateway.pid(of: "victim"), SIGKILL)
            let call = try await gateway.oneCall("victim", "add", #"{"a":1,"b":2,"key":"k\#(round)"}"#)
            if call.isSuccess { good += 1 }
            if call.sent == false { notSent += 1 }
            try await gateway.running(["victim"], from: mark)
        }
        let executions = Rig.executions(in: directory, "ledger")
        FaultReport.add(
            "F-4", "stdio, child killed just before the call",
            "\(rounds) calls: \(good) succeeded, \(notSent) say not sent, \(rounds - good - notSent) say sent; "
                + "\(executions.count) executed, at most \(executions.values.max() ?? 0) time each")
        #expect(executions.values.max() ?? 1 == 1)
        #expect(executions.count >= good)
        #expect(executions.count <= rounds - notSent)
        #expect(try await gateway.stop() == .code(0))
    }

    /// Nobody listens: not sent, and said so; when somebody does again, the next call runs.
    @Test func f04HTTPConnectionRefused() async throws {
        let directory = try TemporaryDirectory()
        let server = try await FakeServer.start(["--ledger", directory.file("ledger")])
        let port = server.port
        let gateway = try await Rig.start(
            Rig.restless, backends: [BackendText("victim", port: port)], running: ["victim"])
        try await server.kill()
        let refused = try await Load.run(
            .calls(
                port: gateway.port, server: "victim", tool: "add", connections: 1, total: 10,
                timeout: .milliseconds(300), arguments: { #"{"a":1,"b":2,"key":"k\#($0)"}"# }))
        let again = try await FakeServer.start(["--ledger", directory.file("ledger")], port: port)
        let back = try await gateway.answers("victim")
        let call = try await gateway.oneCall("victim", "add", #"{"a":1,"b":2,"key":"again"}"#)
        let executions = Rig.executions(in: directory, "ledger")
        let codes = refused.codesText
        FaultReport.add(
            "F-4", "http, connection refused",
            "10 calls: \(codes), \(refused.calls.count { $0.sent == false }) say not sent, "
                + "\(executions.keys.count { $0.hasPrefix("k") }) executed; usable \(back.brief) after it was back")
        // The first call may have met the dying connection: it says so.
        #expect(refused.calls.count { $0.sent == false } >= 9)
        #expect(refused.errors == 10)
        #expect(executions.keys.count { $0.hasPrefix("k") } == 0)
        #expect(call.isSuccess)
        #expect(executions["again"] == 1)
        try await again.kill()
        #expect(try await gateway.stop() == .code(0))
    }

    /// A read that was sent is repeated only when the operator trusts the server's word for what is a read.
    @Test(arguments: [false, true]) func f04ReadThatWasSent(trusted: Bool) async throws {
        let directory = try TemporaryDirectory()
        let server = try await FakeServer.start(["--ledger", directory.file("ledger")])
        let proxy = try ToxicProxy(to: server.port)
        let gateway = try await Rig.start(
            Rig.restless,
            backends: [BackendText("victim", port: proxy.port).with("trust_annotations = \(trusted)")],
            running: ["victim"])
        // Enough well-answered calls for a retry budget that is a share of them.
        let plan = Load.Plan.calls(
            port: gateway.port, server: "victim", tool: "get", connections: 2, total: 40,
            arguments: { #"{"key":"warm\#($0)"}"# })
        #expect(try await Load.run(plan).errors == 0)
        proxy.set(Toxic(.reset, .before), for: "\"tools/call\"")
        let read = try await gateway.oneCall("victim", "get", #"{"key":"read"}"#)
        let write = try await gateway.oneCall("victim", "add", #"{"a":1,"b":2,"key":"write"}"#)
        let executions = Rig.executions(in: directory, "ledger")
        let reads = executions["read", default: 0]
        FaultReport.add(
            "F-4", "http, answer lost, trust_annotations = \(trusted)",
            "read executed \(reads) times, write \(executions["write", default: 0]) time; both say sent")
        #expect(trusted ? (2...3).contains(reads) : reads == 1)
        #expect(executions["write"] == 1)
        #expect(read.sent == true)
        #expect(write.sent == true)
        #expect(write.retryable == false)
        #expect(try await gateway.stop() == .code(0))
    }
}
