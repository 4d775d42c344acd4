import GateBackend
import GateCore
import GateProtocol
import GateTestKit
import NIOCore
import Synchronization
import Testing

/// Backends over real processes: the scripted server in all its moods.
@Suite(.timeLimit(.minutes(1)))
struct BackendTests {
    @Test(arguments: ["legacy", "modern", "both"])
    func speaksTheEraOfTheServer(era: String) async throws {
        try await TestBackend.over(["--era", era]) { test in
            let text1 = try await test.text("echo", #"{"text":"hello"}"#)
            #expect(text1.contains("hello"))
            let greeting = test.backend.status(now: .now).greeting
            #expect(greeting?.version.era == (era == "legacy" ? .legacy : .modern))
            #expect(test.remembered == (era == "legacy" ? .legacy : .modern))
            #expect(test.lists.first?.contains("echo") == true)
        }
    }

    @Test(arguments: [["--era", "old"], ["--era", "old", "--old-dies"]])
    func greetsAfreshAnOldServerThatTheProbeKilled(flags: [String]) async throws {
        try await TestBackend.over(flags) { test in
            let text2 = try await test.text("echo", #"{"text":"still here"}"#)
            #expect(text2.contains("still here"))
            #expect(test.remembered == .legacy)
            #expect(test.backend.status(now: .now).restarts == 0)
        }
    }

    @Test func asksNoSecondTimeWhatItRemembers() async throws {
        try await TestBackend.over(
            ["--era", "old"], configure: { $0.probeTimeout = .seconds(600) }, remembers: .legacy
        ) { test in
            let text3 = try await test.text("echo", #"{"text":"x"}"#)
            #expect(text3.contains("x"))
        }
    }

    @Test func followsThePagesToTheEnd() async throws {
        try await TestBackend.over(["--tools", "25", "--page-size", "4"]) { test in
            await test.listed(1)
            #expect(test.lists[0].filter { $0.hasPrefix("tool_") }.count == 25)
            #expect(Set(test.lists[0]).count == test.lists[0].count)
        }
    }

    @Test func forwardsArgumentsByteForByte() async throws {
        try await TestBackend.over([]) { test in
            let reply = try await test.text("raw", #"{"number":1.10,"big":9007199254740993,"e":1e2 ,"s":"\u0041é"}"#)
            #expect(reply.contains(#"{"number":1.10,"big":9007199254740993,"e":1e2 ,"s":"\u0041é"}"#))
        }
    }

    @Test func runsManyCallsAtOnceOverOnePipe() async throws {
        try await TestBackend.over([], configure: { $0.admission.inFlight = 500 }) { test in
            await test.reached(.running)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<500 {
                    group.addTask {
                        let text = try await test.text("echo", #"{"text":"mine \#(number)."}"#)
                        #expect(text.contains("mine \(number)."))
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test(arguments: ["legacy", "modern"])
    func deliversProgressBeforeTheResult(era: String) async throws {
        try await TestBackend.over(["--era", era]) { test in
            let seen = Mutex<[String]>([])
            _ = try await test.call("progress", #"{"n":3,"ms":5}"#) { notice in
                seen.withLock { $0.append(String(buffer: notice)) }
            }
            let notices = seen.withLock { $0 }
            #expect(notices.count == 3)
            #expect(notices.first?.contains(#""progress":1"#) == true)
            #expect(!notices.contains { $0.contains("progressToken") })
        }
    }

    @Test func cancellingTheTaskCancelsAtTheBackend() async throws {
        try await TestBackend.over([]) { test in
            let started = AsyncStream<Void>.makeStream()
            let task = Task { () -> ErrorCode? in
                do throws(GateError) {
                    _ = try await test.call("progress", #"{"n":1000,"ms":20}"#) { _ in started.continuation.yield() }
                    return nil
                } catch {
                    return error.code
                }
            }
            for await _ in started.stream { break }
            task.cancel()
            #expect(await task.value == .cancelled)
            let text4 = try await test.text("cancelled")
            #expect(!text4.isEmpty)
        }
    }

    @Test func answersAtTheDeadlineAndSaysThatItWasSent() async throws {
        try await TestBackend.over([]) { test in
            _ = try await test.text("echo", #"{"text":"warm"}"#)
            let began = ContinuousClock.now
            let error = await test.failure("hang", within: .milliseconds(200))
            let took = began.duration(to: .now)
            #expect(error?.code == .timeout)
            #expect(error?.sent == true)
            #expect(error?.retryable == false)
            #expect(took >= .milliseconds(200) && took < .milliseconds(600))
            let text5 = try await test.text("echo", #"{"text":"next"}"#)
            #expect(text5.contains("next"))
        }
    }

    @Test func tellsAtOnceThatAServerDiedAndStartsItAgain() async throws {
        try await TestBackend.over([]) { test in
            _ = try await test.text("echo", #"{"text":"warm"}"#)
            let began = ContinuousClock.now
            let error = await test.failure("crash", #"{"when":"before"}"#)
            let took = began.duration(to: .now)
            #expect(error?.code == .backendDied)
            #expect(error?.sent == true)
            #expect(error?.message.contains("code 70") == true)
            #expect(took < .milliseconds(400))
            await test.reached(.running, times: 2)
            let text6 = try await test.text("echo", #"{"text":"back"}"#)
            #expect(text6.contains("back"))
        }
    }

    @Test func aCallToAServerThatIsDownWaitsForItsRestart() async throws {
        try await TestBackend.over(["--start-delay-ms", "300"]) { test in
            let text7 = try await test.text("echo", #"{"text":"waited"}"#)
            #expect(text7.contains("waited"))
            _ = await test.failure("crash", #"{"when":"before"}"#)
            let text8 = try await test.text("echo", #"{"text":"again"}"#)
            #expect(text8.contains("again"))
        }
    }

    @Test func aStoppedServerRefusesAndSaysHowToStartIt() async throws {
        try await TestBackend.over([]) { test in
            await test.reached(.running)
            test.backend.stop()
            await test.reached(.stopped)
            let error = await test.failure("echo")
            #expect(error?.code == .backendDown)
            #expect(error?.sent == false)
            #expect(error?.message.contains("gatecall server start fake") == true)
            test.backend.start()
            await test.reached(.running, times: 2)
            let text9 = try await test.text("echo", #"{"text":"x"}"#)
            #expect(text9.contains("x"))
        }
    }

    @Test func listsAgainWhenTheToolsChange() async throws {
        try await TestBackend.over(["--era", "legacy"]) { test in
            await test.listed(1)
            _ = try await test.call("add_tool", #"{"name":"fresh"}"#)
            await test.listed(containing: "fresh")
        }
    }

    @Test func hearsOfChangesOnAModernListenStream() async throws {
        try await TestBackend.over(["--era", "modern"]) { test in
            await test.listed(1)
            _ = try await test.call("add_tool", #"{"name":"fresh"}"#)
            await test.listed(containing: "fresh")
        }
    }

    /// What a server writes beside its answers never costs a call.
    @Test(arguments: ["banner", "dup-reply", "crlf", "stderr-flood", "server-request", "escape-codes"])
    func calmsDownWhatSurroundsTheAnswers(mood: String) async throws {
        try await TestBackend.over(["--evil", mood, "--era", "legacy"]) { test in
            for number in 0..<5 {
                let text10 = try await test.text("echo", #"{"text":"n\#(number)"}"#)
                #expect(text10.contains("n\(number)"))
            }
        }
    }

    @Test(arguments: ["close-stdout", "exit-after=2"])
    func noticesEveryWayOfDying(mood: String) async throws {
        try await TestBackend.over(["--evil", mood, "--era", "legacy"]) { test in
            for _ in 0..<3 { _ = await test.failure("echo", #"{"text":"x"}"#, within: .seconds(3)) }
            await test.reached(.backingOff)
            // What died is started again, and calls that came meanwhile have waited for it.
            await test.reached(.running, times: 2)
        }
    }

    @Test func aMissingProgramIsSaidInWords() async throws {
        try await TestBackend.over(
            [],
            configure: { settings in
                settings.connection = .stdio(
                    .init(
                        command: "no-such-program", arguments: [], environment: [], workingDirectory: "/tmp",
                        trust: .config))
            }
        ) { test in
            let error = await test.failure("echo", within: .seconds(2))
            #expect(error?.sent == false)
            await test.reached(.backingOff)
            #expect(test.backend.status(now: .now).lastError?.contains("no-such-program") == true)
        }
    }

    /// Callers may be agents of others; paths of this machine are none of their business.
    @Test func whatAFailedStartSaysIsForTheOperatorOnly() async throws {
        try await TestBackend.over(
            [],
            configure: { settings in
                settings.connection = .stdio(
                    .init(
                        command: "/srv/hidden/program", arguments: [], environment: [], workingDirectory: "/tmp",
                        trust: .config))
                settings.restartBudget = RestartBudget(starts: 1)
            }
        ) { test in
            // One that waits for the start, and one that comes after it has failed.
            for _ in 0..<2 {
                let error = await test.failure("echo", within: .seconds(10))
                #expect(error?.code == .backendDown && error?.message.contains("keeps ending") == true)
                #expect(error?.message.contains("hidden") == false)
            }
            #expect(test.backend.status(now: .now).lastError?.contains("/srv/hidden/program") == true)
        }
    }

    @Test func theQueueIsBoundedAndRefusesAtOnce() async throws {
        try await TestBackend.over([], configure: { $0.admission = .init(inFlight: 1, queue: 1) }) { test in
            _ = try await test.text("echo", #"{"text":"warm"}"#)
            async let first = test.failure("sleep", #"{"ms":400}"#)
            async let second = test.failure("sleep", #"{"ms":400}"#)
            async let third = test.failure("sleep", #"{"ms":400}"#)
            let errors = await [first, second, third].compactMap { $0 }
            #expect(errors.map(\.code) == [.overloaded])
            #expect(errors.first?.retryable == true)
        }
    }

    @Test func theCircuitOpensAfterFailuresAndAnswersAtOnce() async throws {
        try await TestBackend.over(
            [], configure: { $0.breaker = .init(failureThreshold: 2, resetTimeout: .seconds(60), successThreshold: 1) }
        ) { test in
            await test.reached(.running)
            for _ in 0..<2 { _ = await test.failure("hang", within: .milliseconds(100)) }
            let began = ContinuousClock.now
            let error = await test.failure("echo")
            #expect(error?.code == .circuitOpen)
            #expect(error?.message == "Circuit open for server 'fake' — backend is failing")
            #expect(began.duration(to: .now) < .milliseconds(20))
        }
    }

    @Test func leavesNoProcessBehind() async throws {
        let pid = Mutex<Int32?>(nil)
        try await TestBackend.over(["--evil", "ignore-term"]) { test in
            await test.reached(.running)
            pid.withLock { $0 = test.backend.status(now: .now).pid }
        }
        let last = try #require(pid.withLock { $0 })
        #expect(kill(last, 0) == -1)
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif
