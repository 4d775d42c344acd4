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

    /// The same with fifty agents in five tenants, whose tokens tell them apart and nothing else: all say that they are the same agent, and
    /// use the same ids, progress tokens and idempotency keys.
    @Test func nothingIsCrossedBetweenTenants() async throws {
        func token(_ number: Int) -> String { "agent-\(number)-" + String(repeating: "x", count: 40) }
        let tenants = (0..<5).map { "[[tenants]]\nname = \"t\($0)\"\nallow = [\"*\"]\n\n" }
        let agents = (0..<IdentityUnderLoadTests.agents).map { number in
            // Ten names, each in every tenant.
            "[[agents]]\nname = \"a\(number / 5)\"\ntenant = \"t\(number % 5)\"\ntoken = \"\(token(number))\"\n\n"
        }
        let limits = "[limits]\nrate_per_principal = 1000000\nburst_per_principal = 1000000\n\n"
        let config = try [
            Backends.fake("modern-pipe", ["--era", "modern", "--prefix", "modern_pipe_"]),
            Backends.fake("legacy-pipe", ["--era", "legacy", "--prefix", "legacy_pipe_"]),
        ]
        let gateway = try await GatewayProcess.start(limits + (tenants + agents + config).joined())
        try await gateway.running(["modern-pipe", "legacy-pipe"])
        let port = gateway.port
        let found = try await withThrowingTaskGroup(of: LoadedAgent.Tally.self) { group in
            for number in 0..<IdentityUnderLoadTests.agents {
                group.addTask {
                    let agent = try await LoadedAgent(
                        number: number, gateway: gateway,
                        identity: [
                            "Authorization": "Bearer \(token(number))", "X-Stonegate-Agent": "the same",
                            "X-Stonegate-Session": "the same",
                        ])
                    return try await offPool {
                        var tally = try agent.run(
                            IdentityUnderLoadTests.calls, port, ["modern_pipe_", "legacy_pipe_"])
                        tally.add(try agent.runWithKeys(20, port, tool: "modern_pipe_echo"))
                        return tally
                    }
                }
            }
            return try await group.reduce(into: LoadedAgent.Tally()) { $0.add($1) }
        }
        print("tenants: \(found.calls) calls, \(found.questions) questions, \(found.wrong.count) crossed")
        #expect(found.wrong.isEmpty, "\(found.wrong.count) wrong, such as \(found.wrong.prefix(3))")
        #expect(found.calls == IdentityUnderLoadTests.agents * (IdentityUnderLoadTests.calls + 20))
        // Each agent has a row of its own in the statistics, and no other is there.
        let stats = try JSONReply(await gateway.admin("GET", "/stats")).json["agents"]?.arrayValue ?? []
        let names = Set(stats.compactMap { $0["name"]?.stringValue })
        #expect(names == Set((0..<IdentityUnderLoadTests.agents).map { "t\($0 % 5)/a\($0 / 5)" }))
        #expect(try await gateway.stop(within: .seconds(60)) == .code(0))
    }
}
