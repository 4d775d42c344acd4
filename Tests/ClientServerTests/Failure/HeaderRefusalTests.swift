import GateProtocol
import GateTestKit
import Testing

/// A server that wants an argument repeated in a header field, and says so only in the list that comes next.
@Suite(.timeLimit(.minutes(2)))
struct HeaderRefusalTests {
    @Test func callsThatLackAHeaderAreMadeAgainWithIt() async throws {
        let directory = try TemporaryDirectory()
        let server = try await FakeMCP.http(
            ["--era", "modern", "--late-header", "--ledger", directory.file("ledger")])
        let gateway = try await GatewayProcess.start(Backends.http("late", "http://127.0.0.1:\(server.httpPort)/mcp"))
        try await gateway.running(["late"])
        try await withThrowingTaskGroup(of: (Int, JSONReply).self) { group in
            for number in 0..<8 {
                group.addTask { (number, try await gateway.call("late", "echo", ["text": .string("say \(number)")])) }
            }
            for try await (number, reply) in group {
                #expect(reply.status == 200)
                #expect(reply.text == "say \(number)")
            }
        }
        let lines = (directory.read("ledger") ?? "").split(separator: "\n")
        #expect(lines.count { $0.contains("echo") } == 8)
        _ = try await gateway.stop()
    }
}
