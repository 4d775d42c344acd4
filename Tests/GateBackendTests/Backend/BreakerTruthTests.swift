import Dispatch
import GateBackend
import GateCore
import GateProtocol
import GateTestKit
import Testing

/// What opens a circuit, what does not, and what happens at the door of a half-open one.
@Suite(.timeLimit(.minutes(2)))
struct BreakerTruthTests {
    private static func breaker(
        _ failures: Int, _ reset: Duration = .seconds(600), _ successes: Int = 1
    ) -> CircuitBreaker.Configuration {
        .init(failureThreshold: failures, resetTimeout: reset, successThreshold: successes)
    }

    /// How a call goes, and whether it counts against the server.
    static let truths: [(String, FaultyServer.Fate, Bool)] = [
        ("a result", FaultyServer.good, false), ("a tool's own error", FaultyServer.toolError, false),
        ("invalid params", .rpcError(-32602), false), ("an internal error in words", .rpcError(-32603), false),
        ("HTTP 400", .status("400 Bad Request"), false), ("HTTP 429", .status("429 Too Many Requests"), false),
        ("HTTP 500", .status("500 Internal Server Error"), true), ("HTTP 503", .status("503 Unavailable"), true),
        ("a broken connection", .hangUp, true), ("silence", .silence, true),
        ("an answer against the protocol", .result("{"), true),
    ]

    @Test(arguments: truths)
    func countsAsTheTableSays(name: String, fate: FaultyServer.Fate, counts: Bool) async throws {
        let server = try FaultyServer()
        server.calls(fate)
        try await server.run({ $0.breaker = Self.breaker(2) }) { test in
            for _ in 0..<2 { _ = await test.failure("t", within: .milliseconds(300)) }
            #expect((test.backend.status(now: .now).circuit == .open) == counts, "\(name)")
        }
    }

    @Test func whatCountsNeitherWayLeavesTheCountAsItIs() async throws {
        let server = try FaultyServer()
        server.calls(
            .hangUp, FaultyServer.toolError, .rpcError(-32602), .hangUp, FaultyServer.good, .hangUp, .hangUp, .hangUp)
        try await server.run({ $0.breaker = Self.breaker(3) }) { test in
            for _ in 0..<4 { _ = await test.failure("t") }
            #expect(test.backend.status(now: .now).circuit == .closed)
            // A success begins the count anew.
            for _ in 0..<3 { _ = await test.failure("t") }
            #expect(test.backend.status(now: .now).circuit == .closed)
            _ = await test.failure("t")
            #expect(test.backend.status(now: .now).circuit == .open)
        }
    }

    @Test func cancelledCallsCountNeitherWay() async throws {
        let server = try FaultyServer()
        server.calls(.silence)
        try await server.run({ $0.breaker = Self.breaker(1) }) { test in
            let call = Task { await test.failure("t") }
            while server.counts.calls < 1 { await Task.yield() }
            call.cancel()
            #expect(await call.value?.code == .cancelled)
            #expect(test.backend.status(now: .now).circuit == .closed)
        }
    }

    @Test func anUnreachableServerOpensItsCircuit() async throws {
        let program = try Program(Products.path("fakemcp"), ["--http", "0"])
        let line = try await program.errors.first { $0.contains("listening on") }.element
        let url = try #require(line.split(separator: " ").last.map(String.init))
        try await TestBackend.over(
            [],
            configure: {
                $0.connection = .http(.init(url: url, headers: []))
                $0.breaker = Self.breaker(2)
                $0.healthCheck = false
            }
        ) { test in
            await test.reached(.running)
            _ = try await program.stop()
            for _ in 0..<2 { #expect(await test.failure("echo") != nil) }
            #expect(test.backend.status(now: .now).circuit == .open)
        }
    }

    @Test func anOpenCircuitAnswersAtOnceInTheWordsAgreedOn() async throws {
        let server = try FaultyServer()
        server.calls(.hangUp)
        try await server.run({ $0.breaker = Self.breaker(1) }) { test in
            _ = await test.failure("t")
            let began = ContinuousClock.now
            for _ in 0..<100 {
                let error = try #require(await test.failure("t"))
                #expect(error.code == .circuitOpen)
                #expect(error.message == "Circuit open for server 'fake' — backend is failing")
                #expect(error.sent == false)
                #expect(error.retryable)
                #expect((error.retryAfter ?? 0) > 0)
            }
            // On the average of a hundred, so that one pause of the machine does not decide.
            #expect(began.duration(to: .now) / 100 < .milliseconds(5))
            #expect(server.counts.calls == 1)
        }
    }

    @Test func aHundredCallersAtTheDoorMakeOneHarmlessRequestAtATime() async throws {
        let server = try FaultyServer()
        server.calls(.hangUp, FaultyServer.good)
        try await server.run({ $0.breaker = Self.breaker(1, .zero, 2) }) { test in
            _ = await test.failure("t")
            #expect(test.backend.status(now: .now).circuit == .open)
            let before = server.counts
            let gate = server.holdDiscovers()
            let refused = Journal<ErrorCode>(name: "refused callers")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        if let error = await test.failure("t") { refused.append(error.code) }
                    }
                }
                // All but the one that tries are answered while the first request is still under way.
                _ = try await refused.first(from: 98) { _ in true }
                while server.counts.discovers == before.discovers { await Task.yield() }
                #expect(server.counts.discovers == before.discovers + 1)
                #expect(server.counts.calls == before.calls, "no user's call is the guinea pig")
                gate.signal()
                gate.signal()
            }
            #expect(refused.all.allSatisfy { $0 == .circuitOpen })
            #expect(server.counts.discovers == before.discovers + 2)
            #expect(server.counts.mostDiscoversAtOnce == 1)
            #expect(server.counts.calls == before.calls + 1)
            #expect(test.circuits.map(\.to) == [.open, .halfOpen, .closed])
        }
    }

    /// Calls go to the other instances meanwhile: nobody would come by to try it.
    @Test func oneOfSeveralInstancesIsTriedAgainWithoutACall() async throws {
        let server = try FaultyServer()
        server.calls(.hangUp, FaultyServer.good)
        try await server.run({
            $0.breaker = Self.breaker(1, .milliseconds(50), 2)
            $0.instances = 2
        }) { test in
            _ = await test.failure("t")
            await test.circuit(.closed)
            #expect(test.circuits.map(\.to) == [.open, .halfOpen, .closed])
            #expect(server.counts.calls == 1)
        }
    }

    @Test func aCallerThatGivesUpWhileItTriesProvesNothing() async throws {
        let server = try FaultyServer()
        server.calls(.hangUp, FaultyServer.good)
        try await server.run({ $0.breaker = Self.breaker(1, .zero, 1) }) { test in
            _ = await test.failure("t")
            let gate = server.holdDiscovers()
            let before = server.counts.discovers
            let call = Task { await test.failure("t") }
            while server.counts.discovers == before { await Task.yield() }
            call.cancel()
            #expect(await call.value?.code == .cancelled)
            #expect(test.backend.status(now: .now).circuit == .halfOpen)
            gate.signal()
            gate.signal()
            #expect(await test.failure("t") == nil)
            #expect(test.backend.status(now: .now).circuit == .closed)
        }
    }

    @Test func aRestartByHandClosesTheCircuit() async throws {
        let server = try FaultyServer()
        server.calls(.hangUp, FaultyServer.good)
        try await server.run({ $0.breaker = Self.breaker(1) }) { test in
            _ = await test.failure("t")
            #expect(test.backend.status(now: .now).circuit == .open)
            test.backend.restart()
            await test.reached(.running, times: 2)
            #expect(await test.failure("t") == nil)
            #expect(test.circuits.map(\.to) == [.open, .closed])
        }
    }
}
