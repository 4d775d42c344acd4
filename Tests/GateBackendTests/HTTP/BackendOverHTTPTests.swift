import GateBackend
import GateCore
import GateProtocol
import GateTestKit
import NIOCore
import Synchronization
import Testing

/// Backends over HTTP, with the scripted server at the other end.
@Suite(.timeLimit(.minutes(1)))
struct BackendOverHTTPTests {
    /// Every way in which a server may speak over HTTP.
    static let servers: [[String]] = [
        ["--era", "modern"], ["--era", "modern", "--reply", "sse"], ["--era", "legacy"],
        ["--era", "legacy", "--reply", "sse"], ["--era", "both"], ["--era", "legacy", "--http-sse"],
    ]

    private func over(_ flags: [String], _ body: (TestBackend) async throws -> Void) async throws {
        let program = try Program(Products.path("fakemcp"), ["--http", "0"] + flags)
        let line = try await program.errors.first { $0.contains("listening on") }.element
        let url = try #require(line.split(separator: " ").last.map(String.init))
        try await TestBackend.over(
            [], configure: { $0.connection = .http(.init(url: url, headers: [("X-Key", "k")])) }, body)
        _ = try await program.stop()
    }

    @Test(arguments: servers)
    func listsAndCalls(flags: [String]) async throws {
        try await over(flags) { test in
            let text = try await test.text("echo", #"{"text":"hello"}"#)
            #expect(text.contains("hello"))
            #expect(test.remembered == (flags.contains("legacy") ? .legacy : .modern))
            #expect(test.lists.first?.contains("echo") == true)
        }
    }

    @Test(arguments: servers)
    func passesProgressOn(flags: [String]) async throws {
        try await over(flags) { test in
            let steps = Mutex<[String]>([])
            let reply = try await test.call("progress", #"{"n":3}"#) { members in
                steps.withLock { $0.append(String(buffer: members)) }
            }
            #expect(reply.envelope.kind == .result)
            #expect(steps.withLock { $0 }.count == 3)
            #expect(steps.withLock { $0 }.first?.contains(#""progress":1"#) == true)
        }
    }

    @Test(arguments: servers)
    func tellsTheServerThatACallIsGivenUp(flags: [String]) async throws {
        try await over(flags) { test in
            await test.reached(.running)
            let error = await test.failure("hang", #"{"key":"k1"}"#, within: .milliseconds(200))
            #expect(error?.code == .timeout)
            // The server hears of it on another connection, in its own time.
            var heard = false
            for _ in 0..<200 where !heard { heard = try await test.text("cancelled").contains("k1") }
            #expect(heard)
        }
    }

    @Test(arguments: servers)
    func keepsManyCallsApart(flags: [String]) async throws {
        try await over(flags) { test in
            await test.reached(.running)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        let text = try await test.text("echo", #"{"text":"mine \#(number)."}"#)
                        #expect(text.contains("mine \(number)."))
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func startsOverWhenTheSessionIsForgotten() async throws {
        try await over(["--era", "legacy", "--evil", "http-forget"]) { test in
            await test.reached(.running)
            let text = try await test.text("echo", #"{"text":"again"}"#)
            #expect(text.contains("again"))
        }
    }

    @Test(arguments: [
        ("http-redirect", ErrorCode.backendError), ("http-401", .backendError), ("http-500", .backendError),
        ("http-close", .outcomeUnknown), ("garbage", .backendProtocolError), ("wrong-id", .backendProtocolError),
    ])
    func namesWhatWentWrong(evil: String, code: ErrorCode) async throws {
        try await over(["--era", "modern", "--evil", evil]) { test in
            await test.reached(.running)
            let error = await test.failure("echo", #"{"text":"x"}"#)
            #expect(error?.code == code, "\(String(describing: error))")
        }
    }
}
