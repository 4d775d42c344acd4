import GateBackend
import GateCore
import GateProtocol
import GateTestKit
import NIOCore
import Synchronization
import Testing

/// What is sent again, and what never.
@Suite(.timeLimit(.minutes(2)))
struct AttemptsTests {
    private func failure(_ test: TestBackend, isRepeatable: Bool) async -> GateError? {
        var call = BackendCall(
            .tool("t", arguments: nil), principal: "test", deadline: .now.advanced(by: .seconds(15)))
        call.isRepeatable = isRepeatable
        do throws(GateError) {
            _ = try await test.backend.call(call)
            return nil
        } catch {
            return error
        }
    }

    /// How a call is lost, and what the caller is told when it is not repeated.
    static let losses: [(FaultyServer.Fate, ErrorCode)] = [
        (.hangUp, .outcomeUnknown), (.status("502 Bad Gateway"), .backendError),
        (.status("503 Unavailable"), .backendError), (.status("504 Gateway Timeout"), .backendError),
    ]

    @Test(arguments: losses)
    func whatWasSentIsNotSentAgain(fate: FaultyServer.Fate, code: ErrorCode) async throws {
        let server = try FaultyServer()
        server.calls(fate, FaultyServer.good)
        try await server.run { test in
            let error = await failure(test, isRepeatable: false)
            #expect(error?.code == code)
            #expect(error?.sent == true)
            #expect(error?.retryable == false)
            #expect(server.counts.calls == 1)
        }
    }

    @Test(arguments: losses)
    func aRepeatableCallHasTwoMoreAttempts(fate: FaultyServer.Fate, code: ErrorCode) async throws {
        let server = try FaultyServer()
        server.calls(fate, fate, FaultyServer.good)
        try await server.run { test in
            #expect(await failure(test, isRepeatable: true) == nil)
            #expect(server.counts.calls == 3)
            server.calls(fate)
            let error = await failure(test, isRepeatable: true)
            #expect(error?.code == code)
            #expect(error?.sent == true)
            #expect(error?.retryable == false)
            #expect(server.counts.calls == 6)
        }
    }

    @Test func timeoutsCancelledCallsAndAnswersAreNotRepeated() async throws {
        for fate: FaultyServer.Fate in [
            .silence, .rpcError(-32603), .status("500 Internal Server Error"), .status("429 Too Many Requests"),
            FaultyServer.toolError, .result("7"),
        ] {
            let server = try FaultyServer()
            server.calls(fate)
            try await server.run { test in
                var call = BackendCall(
                    .tool("t", arguments: nil), principal: "test",
                    deadline: .now.advanced(by: .milliseconds(400)))
                call.isRepeatable = true
                _ = try? await test.backend.call(call)
                #expect(server.counts.calls == 1, "\(fate)")
            }
        }
    }

    /// A server in trouble gets one tenth more calls from repetitions, and no more.
    @Test func repetitionsHaveABudget() async throws {
        let server = try FaultyServer()
        server.calls(.status("503 Unavailable"))
        try await server.run({ $0.breaker = .init(failureThreshold: 10_000) }) { test in
            let calls = 60
            let began = ContinuousClock.now
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<calls { group.addTask { _ = await failure(test, isRepeatable: true) } }
            }
            let seconds = Double(began.duration(to: .now).components.seconds + 1)
            let most = Double(calls) * 1.1 + RetryBudget.floor + seconds + 1
            #expect(Double(server.counts.calls) <= most)
            #expect(server.counts.calls > calls)
        }
    }

    /// A dead process: a repeatable call goes to its successor, any other is lost.
    @Test func aCallThatKilledItsServer() async throws {
        let directory = try TemporaryDirectory()
        try await TestBackend.over(["--ledger", directory.file("ledger")]) { test in
            await test.reached(.running)
            var call = BackendCall(
                .tool("crash", arguments: ByteBuffer(string: #"{"when":"after","key":"plain"}"#)),
                principal: "test", deadline: .now.advanced(by: .seconds(20)))
            let plain = await #expect(throws: GateError.self) { try await test.backend.call(call) }
            #expect(plain?.code == .backendDied)
            #expect(plain?.sent == true)
            call.operation = .tool("crash", arguments: ByteBuffer(string: #"{"when":"after","key":"safe"}"#))
            call.isRepeatable = true
            let safe = await #expect(throws: GateError.self) { try await test.backend.call(call) }
            #expect(safe?.sent == true)
            #expect(safe?.retryable == false)
        }
        let lines = (directory.read("ledger") ?? "").split(separator: "\n")
        #expect(lines.count { $0.contains("\"plain\"") } == 1)
        #expect(lines.count { $0.contains("\"safe\"") } == 3)
    }

    /// The words while a call waits for its server rise, and stay below the server's own.
    @Test func aCallThatWaitsForTheStartIsToldSo() async throws {
        try await TestBackend.over(["--start-delay-ms", "2500"]) { test in
            let notices = Mutex<[String]>([])
            let reply = try await test.call("progress", #"{"n":2}"#) { members in
                notices.withLock { $0.append(String(buffer: members)) }
            }
            #expect(reply.envelope.kind == .result)
            let told = try notices.withLock { $0 }.map { try JSONValue(parsing: "{\($0)}") }
            #expect(told.first?["message"] == "Server 'fake' is starting.")
            let values = told.compactMap { $0["progress"]?.doubleValue }
            #expect(values.count == told.count)
            #expect(zip(values, values.dropFirst()).allSatisfy { $0 < $1 }, "\(values)")
            #expect(values.suffix(2) == [1, 2])
        }
    }

    @Test func aCallThatWaitsForItsTurnIsToldSo() async throws {
        try await TestBackend.over([], configure: { $0.admission = .init(inFlight: 1, queue: 4) }) { test in
            await test.reached(.running)
            async let first = test.failure("sleep", #"{"ms":2500}"#)
            while test.backend.status(now: .now).inFlight < 1 { await Task.yield() }
            let notices = Mutex<[String]>([])
            _ = try await test.call("echo", #"{"text":"x"}"#) { members in
                notices.withLock { $0.append(String(buffer: members)) }
            }
            #expect(await first == nil)
            #expect(notices.withLock { $0.first }?.contains("the call waits for its turn") == true)
        }
    }
}
