import GateProtocol
import GateTestKit
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Fifty agents of both eras with the same ids and the same progress tokens, at servers of both eras: calls with
/// progress, log lines and questions among them. Nothing that belongs to one reaches another.
///
/// `STONEGATE_IDENTITY_CALLS=100000` for more than the suite's number.
@Suite(.serialized) struct IdentityUnderLoadTests {
    private static let agents = 50
    private static let calls: Int = {
        let wanted = ProcessInfo.processInfo.environment["STONEGATE_IDENTITY_CALLS"].flatMap { Int($0) } ?? 10_000
        return max(1, wanted / agents)
    }()

    /// A pipe of a session server cannot say whose question it asks, so that one is not asked for questions.
    private static let servers = ["modern_pipe_", "modern_http_", "legacy_http_", "legacy_pipe_"]

    @Test func nothingIsCrossed() async throws {
        let modern = try await FakeMCP.http(["--era", "modern", "--prefix", "modern_http_"])
        let legacy = try await FakeMCP.http(["--era", "legacy", "--prefix", "legacy_http_"])
        let config = try [
            Backends.fake("modern-pipe", ["--era", "modern", "--prefix", "modern_pipe_"]),
            Backends.fake("legacy-pipe", ["--era", "legacy", "--prefix", "legacy_pipe_"]),
            Backends.http("modern-http", "http://127.0.0.1:\(modern.httpPort)/mcp"),
            Backends.http("legacy-http", "http://127.0.0.1:\(legacy.httpPort)/mcp"),
        ]
        let gateway = try await GatewayProcess.start(config.joined())
        try await gateway.running(["modern-pipe", "legacy-pipe", "modern-http", "legacy-http"])
        let port = gateway.port
        let start = ContinuousClock.now
        let found = try await withThrowingTaskGroup(of: LoadedAgent.Tally.self) { group in
            for number in 0..<IdentityUnderLoadTests.agents {
                group.addTask {
                    let agent = try await LoadedAgent(number: number, gateway: gateway)
                    return try await offPool {
                        try agent.run(IdentityUnderLoadTests.calls, port, IdentityUnderLoadTests.servers)
                    }
                }
            }
            return try await group.reduce(into: LoadedAgent.Tally()) { $0.add($1) }
        }
        let time = ContinuousClock.now - start
        print(
            "identity: \(found.calls) calls, \(found.progress) progress notices, \(found.logs) log lines,",
            "\(found.questions) questions, \(found.wrong.count) crossed, in \(time)")
        #expect(found.wrong.isEmpty, "\(found.wrong.count) wrong, such as \(found.wrong.prefix(3))")
        #expect(found.calls == IdentityUnderLoadTests.agents * IdentityUnderLoadTests.calls)
        #expect(found.progress > 0 && found.logs > 0 && found.questions > 0)
        #expect(try await gateway.stop(within: .seconds(60)) == .code(0))
    }
}
