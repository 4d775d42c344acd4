import GateProtocol
import GateTestKit
import Testing

/// The audit log of the real gateway, verified and exported by the real command.
@Suite(.timeLimit(.minutes(3)))
struct AuditLogTests {
    private static let enabled = "[audit]\nenabled = true\n\n"

    private func stonegate(
        _ gateway: GatewayProcess, _ arguments: String...
    ) async throws -> (exit: Program.Exit, output: String, errors: String) {
        try await Program.run(
            Products.path("stonegate"), ["audit"] + arguments + ["--data-dir", gateway.dataDirectory],
            environment: ["HOME": "/nowhere", "PATH": "/usr/bin:/bin"])
    }

    private func records(_ gateway: GatewayProcess) async throws -> [JSONValue] {
        try await stonegate(gateway, "export").output.split(separator: "\n").map {
            try JSONValue(parsing: Array($0.utf8))
        }
    }

    @Test func callsAndActsAreInTheChain() async throws {
        let gateway = try await GatewayProcess.start(Self.enabled + Backends.fake("b"))
        try await gateway.running(["b"])
        let secret = "canary-\(gateway.port)"
        _ = try await gateway.call("b", "echo", ["text": .string(secret)])
        _ = try await gateway.call("b", "fail", ["message": "no"])
        _ = try await gateway.call("b", "nope")
        _ = try await gateway.admin("POST", "/server/restart", json: #"{"name":"b"}"#)
        _ = try await gateway.admin("POST", "/server/stop", json: #"{"name":"nope"}"#)
        let head = try await stonegate(gateway, "head")
        #expect(head.exit == .code(0))
        #expect(try await gateway.stop() == .code(0))
        let verdict = try await stonegate(gateway, "verify", "--head", head.output)
        #expect(verdict.exit == .code(0) && verdict.output.contains("a whole chain"), "\(verdict)")
        let all = try await records(gateway)
        #expect(all.map { $0["seq"]?.intValue } == Array(1...all.count))
        #expect(!all.contains { $0.text.contains(secret) })
        let starts = all.filter { $0["kind"] == "call_start" }
        #expect(starts.map { $0["tool"] } == ["echo", "fail"])
        #expect(starts.first?["arguments_digest"]?.stringValue?.utf8.count == 64)
        let ends = all.filter { $0["kind"] == "call_end" }
        #expect(ends.map { $0["outcome"] } == ["success", "tool_error"])
        #expect(ends.map { $0["correlation_id"] } == starts.map { $0["correlation_id"] })
        #expect(all.filter { $0["kind"] == "call_refused" }.map { $0["decision"] } == ["TOOL_NOT_FOUND"])
        let acts = all.filter { $0["kind"] == "admin" }.map { [$0["action"], $0["target"], $0["result"]] }
        #expect(acts.contains([.string("server_restart"), .string("b"), .string("ok")]))
        #expect(acts.contains([.string("server_stop"), .string("nope"), .string("SERVER_NOT_FOUND")]))
        #expect(acts.first?.first == .string("gateway_start") && acts.last?.first == .string("gateway_stop"))
        let csv = try await stonegate(gateway, "export", "--format", "csv")
        #expect(csv.output.split(separator: "\r\n").count == all.count + 1)
        #expect(csv.errors.contains("head \(all.count):"))
    }

    /// P-17: what ran is in the log, also when the gateway was killed in the middle of it.
    @Test func everyStartHasAnEndAfterAKill() async throws {
        let directory = try TemporaryDirectory()
        let config = Self.enabled + (try Backends.fake("b", ["--ledger", directory.file("ledger")]))
        var gateway = try await GatewayProcess.start(config)
        try await gateway.running(["b"])
        let running = gateway
        let callers = (0..<8).map { number in
            Task {
                for round in 0..<200 {
                    guard
                        (try? await running.call("b", "echo", ["text": "x", "key": .string("\(number)-\(round)")]))
                            != nil
                    else { return }
                }
            }
        }
        try await gateway.carriedOut(200, directory)
        gateway.program.signal(9)
        _ = try await gateway.program.exit()
        for caller in callers { await caller.value }
        gateway = try await GatewayProcess.start(config, directory: gateway.directory)
        try await gateway.running(["b"])
        try await gateway.stop()
        #expect(try await stonegate(gateway, "verify").exit == .code(0))
        let all = try await records(gateway)
        let starts = all.filter { $0["kind"] == "call_start" }.compactMap { $0["correlation_id"]?.stringValue }
        let ends = all.filter { $0["kind"] == "call_end" }.compactMap { $0["correlation_id"]?.stringValue }
        #expect(Set(starts) == Set(ends) && starts.count == ends.count)
        let executed = (directory.read("ledger") ?? "").split(separator: "\n").count
        #expect(starts.count >= executed)
    }

    @Test func theFirstBadRecordIsNamed() async throws {
        let gateway = try await GatewayProcess.start(Self.enabled + Backends.fake("b"))
        try await gateway.running(["b"])
        for _ in 0..<5 { _ = try await gateway.call("b", "echo", ["text": "x"]) }
        try await gateway.stop()
        let path = "data/audit/audit-000001.ndjson"
        let text = try #require(gateway.directory.read(path))
        let lines = text.split(separator: "\n")
        let bad = try #require(lines.firstIndex { $0.contains("call_start") })
        try gateway.directory.write(
            text.replacing(lines[bad], with: lines[bad].replacing("\"echo\"", with: "\"exec\"")), to: path)
        let verdict = try await stonegate(gateway, "verify")
        #expect(verdict.exit == .code(65) && verdict.errors.contains("line \(bad + 1)"), "\(verdict)")
        let json = try await stonegate(gateway, "verify", "--json")
        #expect(try JSONValue(parsing: Array(json.output.utf8))["line"]?.intValue == bad + 1)
        // A gateway that must be able to prove what it did does not go on with a log that was changed.
        await #expect(throws: (any Error).self) {
            try await GatewayProcess.start(
                Self.enabled + Backends.fake("b"), directory: gateway.directory, within: .seconds(5))
        }
    }

    @Test func withoutALogTheCommandSaysSo() async throws {
        let directory = try TemporaryDirectory()
        let result = try await Program.run(
            Products.path("stonegate"), ["audit", "verify", "--data-dir", directory.file("data")],
            environment: ["HOME": "/nowhere"])
        #expect(result.exit == .code(66) && result.errors.contains("[audit] enabled = true"), "\(result)")
    }
}
