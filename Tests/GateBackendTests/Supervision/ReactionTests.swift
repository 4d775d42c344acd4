import GateCore
import GateProtocol
import GateTestKit
import NIOCore
import Synchronization
import Testing

@testable import GateBackend

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// How soon the gateway reacts, and what it tells of the processes it looks after.
@Suite(.serialized, .timeLimit(.minutes(1))) struct ReactionTests {
    /// Aims: noticed within 50 ms, answered within 200 ms, a new start begun within 150 ms. The bounds here are those of a machine
    /// that has other things to do.
    @Test func aKilledServerWithAHundredCalls() async throws {
        try await TestBackend.over(["--era", "legacy"], configure: { $0.admission = .init(inFlight: 128, queue: 256) })
        { test in
            _ = try await test.text("echo", #"{"text":"warm"}"#)
            let pid = try #require(test.backend.status(now: .now).pid)
            let killed = try await withThrowingTaskGroup(of: (Instant, String).self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        let error = await test.failure("hang", within: .seconds(30))
                        return (.now, "\(error?.code.rawValue ?? "none") \(error?.sent ?? false)")
                    }
                }
                let connection = try #require(test.backend.state.withLock { $0.live?.connection })
                while connection.inFlight < 100 { await Task.yield() }
                // What comes after them is answered: so they have arrived, and none is sent to the next process instead.
                _ = try await test.text("echo", #"{"text":"after them"}"#)
                let killed = Instant.now
                kill(pid, SIGKILL)
                var last = killed
                for try await (answered, outcome) in group {
                    #expect(outcome == "BACKEND_DIED true")
                    last = max(last, answered)
                }
                let took = killed.duration(to: last)
                print("answered the last of 100 calls after \(took)")
                #expect(took < .seconds(1))
                return killed
            }
            await test.reached(.running, times: 2)
            let noticed = try #require(test.changes.first { $0.to == .backingOff }).at
            let begun = try #require(test.changes.last { $0.to == .starting }).at
            print("noticed after \(killed.duration(to: noticed)), started anew after \(killed.duration(to: begun))")
            #expect(killed.duration(to: noticed) < .milliseconds(500))
            #expect(killed.duration(to: begun) < .seconds(1))
            #expect(test.backend.status(now: .now).lastExit == "signal 9 (SIGKILL)")
        }
    }

    @Test func tellsWhatTheProcessesUse() async throws {
        try await TestBackend.over(["--era", "legacy", "--evil", "fork-many=5"]) { test in
            _ = try await test.text("echo", #"{"text":"warm"}"#)
            await ProcessCensus.shared.refresh(maxAge: .zero)
            let usage = try #require(test.backend.status(now: .now).usage)
            #expect(usage.processes == 6)
            #expect((200_000..<500_000_000).contains(usage.memory))
            #expect(usage.cpuTime < .seconds(20))
        }
    }

    /// One pass serves all who ask.
    @Test func countsOnceForManyAskers() async throws {
        await ProcessCensus.shared.refresh()
        let clock = ContinuousClock()
        let took = await clock.measure {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<100 { group.addTask { await ProcessCensus.shared.refresh(maxAge: .seconds(600)) } }
            }
        }
        #expect(took < .milliseconds(200))
    }

    /// A daemon that nobody's parent leads to is found by its mark.
    @Test func findsWhoEscaped() async throws {
        var spec = try ProcessSpec(
            executable: Products.path("fakemcp"), arguments: ["--evil", "escape"], environment: ProcessFixture.path)
        spec.mark = ProcessMark()
        let child = try await ProcessSpawner.shared.spawn(spec)
        let stdio = try #require(child.takeStdio())
        defer { stdio.closeAll() }
        var line = ""
        repeat { line = await ProcessFixture.line(stdio.stderr) } while !line.contains("--grandchild is ")
        let daemon = try #require(line.split(separator: " ").last.flatMap { Int32($0) })
        defer { kill(daemon, SIGKILL) }
        let report = await child.stop(StopLadder(afterStdinClosed: .milliseconds(50), afterTerminate: .seconds(5)))
        #expect(report.survivors.isEmpty)
        #expect(report.escaped == [daemon])
    }

    /// Everything of the session goes, whatever it ignores, within the time of the ladder.
    @Test func stopsAWholeFamilyWithinSixSeconds() async throws {
        let child = try await ProcessSpawner.shared.spawn(
            ProcessFixture.sh(
                "trap '' TERM HUP; for i in 1 2 3 4 5 6 7 8 9 10; do (trap '' TERM HUP; exec sleep 600) & done; echo up; while :; do sleep 600; done"
            ))
        let stdio = try #require(child.takeStdio())
        defer { stdio.closeAll() }
        #expect(await ProcessFixture.line(stdio.stdout) == "up")
        #expect(child.groupMembers.count >= 11)
        let clock = ContinuousClock()
        let took = await clock.measure { _ = await child.stop() }
        #expect(took < .seconds(8))
        #expect(child.groupMembers.isEmpty)
        #expect(ProcessTable.members(ofSession: child.pid).isEmpty)
    }

    @Test func aSilentServerOverHTTPIsReconnected() async throws {
        let program = try Program(Products.path("fakemcp"), ["--http", "0", "--era", "legacy"])
        let line = try await program.errors.first { $0.contains("listening on") }.element
        let url = try #require(line.split(separator: " ").last.map(String.init))
        try await TestBackend.over(
            [],
            configure: {
                $0.connection = .http(.init(url: url, headers: []))
                $0.health = HealthPolicy(interval: .milliseconds(300), patience: .milliseconds(200))
                $0.startTimeout = .seconds(5)
            }
        ) { test in
            _ = try await test.text("echo", #"{"text":"warm"}"#)
            program.signal(SIGSTOP)
            await test.reached(.degraded)
            await test.reached(.stopping)
            program.signal(SIGCONT)
            await test.reached(.running, times: 2)
            let text = try await test.text("echo", #"{"text":"back"}"#)
            #expect(text.contains("back"))
            // Asking is not calling.
            #expect(test.backend.status(now: .now).count.calls == 2)
        }
        _ = try await program.stop()
    }
}
