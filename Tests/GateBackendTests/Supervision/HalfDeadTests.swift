import CSpawn
import GateCore
import GateProtocol
import NIOCore
import Synchronization
import Testing

@testable import GateBackend

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Processes that live and do not work, over real processes: each is noticed, ended and replaced.
@Suite(.serialized, .timeLimit(.minutes(1))) struct HalfDeadTests {
    private static let big = #"{"text":"\#(String(repeating: "x", count: 1 << 20))"}"#

    /// The backend's reason for having gone into a state last.
    private func reason(_ test: TestBackend, _ state: Supervisor.State) -> String? {
        test.changes.last { $0.to == state }?.reason
    }

    private func pid(_ test: TestBackend) throws -> Int32 { try #require(test.backend.status(now: .now).pid) }

    @Test func whoStopsReadingIsReplacedAndTheNextCallIsClean() async throws {
        try await TestBackend.over(
            ["--era", "legacy", "--evil", "no-read", "--evil-after", "1"],
            configure: { $0.stdio.writeStall = .milliseconds(800) }
        ) { test in
            _ = try await test.text("echo", #"{"text":"first"}"#)
            let first = try pid(test)
            let deaf = await test.failure("echo", #"{"text":"makes it deaf"}"#, within: .milliseconds(200))
            #expect(deaf?.code == .timeout)
            let error = await test.failure("echo", HalfDeadTests.big, within: .seconds(10))
            #expect(error?.code == .backendDied)
            #expect(error?.sent == true)
            #expect(error?.message.contains("stopped reading its input") == true)
            let next = try await test.text("echo", #"{"text":"clean"}"#)
            #expect(next.contains("clean"))
            #expect(reason(test, .backingOff)?.contains("stopped reading its input") == true)
            try await ProcessFixture.untilEnded(first)
            #expect(try pid(test) != first)
        }
    }

    /// A call that is given up half written does not leave half a line in front of the next.
    @Test func aHalfWrittenCallAtItsDeadlineReplacesTheProcess() async throws {
        try await TestBackend.over(["--era", "legacy", "--evil", "no-read", "--evil-after", "1"]) { test in
            _ = try await test.text("echo", #"{"text":"first"}"#)
            _ = await test.failure("echo", #"{"text":"makes it deaf"}"#, within: .milliseconds(100))
            let began = ContinuousClock.now
            let error = await test.failure("echo", HalfDeadTests.big, within: .milliseconds(1_500))
            #expect(error?.code == .timeout)
            #expect(error?.sent == true)
            #expect(began.duration(to: .now) < .seconds(5))
            let next = try await test.text("echo", #"{"text":"clean"}"#)
            #expect(next.contains("clean"))
            #expect(reason(test, .backingOff)?.contains("stopped reading its input") == true)
        }
    }

    @Test func aSlowReaderIsNotAHalfDeadOne() async throws {
        try await TestBackend.over(["--era", "legacy"], configure: { $0.stdio.writeStall = .seconds(30) }) { test in
            _ = try await test.text("echo", #"{"text":"warm"}"#)
            let stopped = try pid(test)
            kill(stopped, SIGSTOP)
            async let first = test.call("echo", HalfDeadTests.big)
            async let second = test.call("echo", HalfDeadTests.big)
            let given = await test.failure("echo", HalfDeadTests.big, within: .milliseconds(200))
            #expect(given?.code == .timeout)
            kill(stopped, SIGCONT)
            let sizes = try await [first, second].map { $0.buffer.readableBytes }
            #expect(sizes.allSatisfy { $0 > 1 << 20 })
            #expect(try pid(test) == stopped)
        }
    }

    @Test(arguments: [("close-stdin", "closed its input"), ("close-stdout", "closed its output")])
    func whoClosesAPipeIsReplacedAtOnce(mood: String, words: String) async throws {
        try await TestBackend.over(["--era", "legacy", "--evil", mood]) { test in
            await test.reached(.running)
            let first = try pid(test)
            // It answers this one, or closes its output instead.
            let error = await test.failure("echo", #"{"text":"x"}"#, within: .seconds(10))
            if mood == "close-stdout" {
                #expect(error?.code == .backendDied)
                #expect(error?.sent == true)
            } else {
                #expect(error == nil)
            }
            // Without a further call: nobody has to run into it.
            await test.reached(.backingOff)
            #expect(reason(test, .backingOff)?.contains(words) == true)
            try await ProcessFixture.untilEnded(first)
            await test.reached(.running, times: 2)
            #expect(test.backend.status(now: .now).restarts == 1)
        }
    }

    @Test func whoDaemonizesIsDownAndWhatItLeftIsEnded() async throws {
        try await TestBackend.over(["--era", "legacy", "--evil", "daemonize"]) { test in
            await test.reached(.running)
            let error = await test.failure("echo", #"{"text":"x"}"#, within: .seconds(10))
            #expect(error?.code == .backendDied)
            #expect(error?.message.contains("left a process behind") == true)
            await test.reached(.backingOff)
            let status = test.backend.status(now: .now)
            #expect(status.lastExit == "exit code 0")
            let said = try #require(status.lastStderr.first { $0.contains("--grandchild is ") })
            let grandchild = try #require(said.split(separator: " ").last.flatMap { Int32($0) })
            try await ProcessFixture.untilEnded(grandchild)
            #expect(ProcessTable.find(grandchild)?.dead ?? true)
        }
    }

    @Test func theTimeForTheHandshakeIsBounded() async throws {
        let began = ContinuousClock.now
        try await TestBackend.over(
            ["--evil", "hang-init"], configure: { $0.startTimeout = .milliseconds(300) }
        ) { test in
            await test.reached(.backingOff)
            // Asked in both eras, each within its time.
            #expect(began.duration(to: .now) < .seconds(5))
            #expect(test.backend.status(now: .now).lastError?.contains("did not answer in time") == true)
        }
    }

    @Test func whoDiesBeforeItIsReadyShowsHowAndWhatItSaid() async throws {
        let script = "echo 'no database' >&2; exit 3"
        try await TestBackend.over(
            [],
            configure: { settings in
                settings.connection = .stdio(
                    .init(
                        command: "/bin/sh", arguments: ["-c", script], environment: [], workingDirectory: "/tmp",
                        trust: .config))
                settings.restartBudget = RestartBudget(starts: 2)
            }
        ) { test in
            await test.reached(.crashLooping)
            let status = test.backend.status(now: .now)
            #expect(status.lastExit == "exit code 3")
            #expect(status.lastStderr == ["no database"])
            #expect(
                status.lastError == "Server 'fake' ended before it was ready: exit code 3. Its last words: no database")
            #expect(status.reason == "ended before it was ready: exit code 3")
            #expect(status.pid == nil)
            let retry = try #require(status.nextRetry)
            #expect(retry > .seconds(50) && retry <= .seconds(60))
            #expect(status.advice.contains("Look at its stderr"))
        }
    }

    @Test func aStoppedProcessIsNamedKilledAndReplaced() async throws {
        try await TestBackend.over(
            ["--era", "legacy"],
            configure: { $0.health = HealthPolicy(interval: .milliseconds(300), patience: .milliseconds(200)) }
        ) { test in
            _ = try await test.text("echo", #"{"text":"warm"}"#)
            let stopped = try pid(test)
            kill(stopped, SIGSTOP)
            let began = ContinuousClock.now
            let error = await test.failure("echo", #"{"text":"x"}"#, within: .milliseconds(400))
            #expect(error?.code == .timeout)
            #expect(began.duration(to: .now) < .seconds(3))
            await test.reached(.degraded)
            #expect(reason(test, .degraded)?.contains("process is stopped: state T") == true)
            await test.reached(.running, times: 2)
            // Not woken up before its end: what is still in its pipe would be carried out.
            #expect(test.backend.status(now: .now).lastExit == "signal 9 (SIGKILL)")
            #expect(ProcessTable.find(stopped)?.dead ?? true)
            let text = try await test.text("echo", #"{"text":"new"}"#)
            #expect(text.contains("new"))
        }
    }

    /// A server that does one thing at a time answers no health check while it works.
    @Test func whoIsSilentOverACallInItsTimeIsShownAndLeftAlone() async throws {
        try await TestBackend.over(
            ["--era", "legacy"],
            configure: { $0.health = HealthPolicy(interval: .milliseconds(150), patience: .milliseconds(100)) }
        ) { test in
            _ = try await test.text("echo", #"{"text":"warm"}"#)
            let busy = try pid(test)
            kill(busy, SIGSTOP)
            async let slow = test.text("echo", #"{"text":"at last"}"#)
            await test.reached(.degraded)
            #expect(reason(test, .degraded)?.contains("while it works on calls") == true)
            kill(busy, SIGCONT)
            let text = try await slow
            #expect(text.contains("at last"))
            await test.reached(.running, times: 2)
            #expect(try pid(test) == busy)
        }
    }

    @Test func whoWritesGarbageByTheThousandIsShown() async throws {
        try await TestBackend.over(
            ["--era", "legacy", "--evil", "progress-storm=4000"],
            configure: { $0.health = HealthPolicy(interval: .milliseconds(300), patience: .seconds(10)) }
        ) { test in
            let text = try await test.text("echo", #"{"text":"heard"}"#)
            #expect(text.contains("heard"))
            await test.reached(.degraded)
            #expect(reason(test, .degraded)?.contains("no message") == true)
            let status = test.backend.status(now: .now)
            #expect(status.strayMessages >= 2_000)
            #expect(status.advice.contains("It works, but"))
            let again = try await test.text("echo", #"{"text":"still"}"#)
            #expect(again.contains("still"))
            #expect(status.restarts == 0)
        }
    }
}
