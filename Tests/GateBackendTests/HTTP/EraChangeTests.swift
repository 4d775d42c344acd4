import GateBackend
import GateCore
import GateProtocol
import GateTestKit
import Testing

/// A server that is another version from one moment to the next, at the same address.
@Suite(.timeLimit(.minutes(1)))
struct EraChangeTests {
    private func server(_ era: String, _ ledger: String) async throws -> (program: Program, port: UInt16) {
        let program = try Program(
            Products.path("fakemcp"), ["--http", "0", "--era", era, "--ledger", ledger])
        let line = try await program.errors.first { $0.contains("listening on") }.element
        let digits = line.split(separator: ":").last?.prefix { $0.isNumber } ?? ""
        return (program, try #require(UInt16(digits)))
    }

    @Test(arguments: [("modern", "legacy"), ("legacy", "modern")])
    func aCallMeetsTheNewVersionAndIsCarriedOutOnce(_ before: String, _ after: String) async throws {
        let directory = try TemporaryDirectory()
        let old = try await server(before, directory.file("old"))
        let new = try await server(after, directory.file("new"))
        let proxy = try ToxicProxy(to: old.port)
        defer { proxy.stop() }
        let connection = BackendSettings.Connection.http(
            .init(url: "http://127.0.0.1:\(proxy.port)/mcp", headers: []))
        try await TestBackend.over([], configure: { $0.connection = connection }) { test in
            await test.reached(.running)
            let first = try await test.text("echo", #"{"text":"one","key":"1"}"#)
            #expect(first.contains("one"))
            #expect(test.remembered?.rawValue == before)
            proxy.lead(to: new.port)
            _ = try await old.program.stop()
            // The connections to the old one are closed before the call looks for one that is open.
            #expect(await ProcessFixture.eventually(0) { proxy.connections(to: old.port) } == 0)
            // All of them are refused, and none of them fails.
            try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<10 {
                    group.addTask { try await test.text("echo", #"{"text":"two","key":"\#(number)"}"#) }
                }
                for try await text in group { #expect(text.contains("two")) }
            }
            #expect(test.remembered?.rawValue == after)
        }
        let lines = (directory.read("new") ?? "").split(separator: "\n")
        #expect(lines.count { $0.contains("echo") } == 10)
        _ = try await new.program.stop()
    }

    @Test func aServerRememberedAsOldThatHasLearntTheNewRevisionIsAskedAgain() async throws {
        try await TestBackend.over(["--era", "modern"], remembers: .legacy) { test in
            let text = try await test.text("echo", #"{"text":"hello"}"#)
            #expect(text.contains("hello"))
            #expect(test.remembered == .modern)
        }
    }

    @Test func aServerRememberedAsNewThatIsOldAgainIsGreetedTheOldWay() async throws {
        try await TestBackend.over(["--era", "legacy"], remembers: .modern) { test in
            let text = try await test.text("echo", #"{"text":"hello"}"#)
            #expect(text.contains("hello"))
            #expect(test.remembered == .legacy)
        }
    }
}
