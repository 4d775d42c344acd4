import CSpawn
import Testing

@testable import GateBackend

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite struct StopLadderTests {
    private let brief = StopLadder(
        afterStdinClosed: .milliseconds(50), afterTerminate: .milliseconds(150), afterKill: .seconds(5))

    /// Starts a script that says "up" or a pid when it is ready.
    private func start(_ script: String) async throws -> (child: ChildProcess, stdio: ChildStdio, said: String) {
        let child = try await ProcessSpawner.shared.spawn(ProcessFixture.sh(script))
        let stdio = try #require(child.takeStdio())
        return (child, stdio, await ProcessFixture.line(stdio.stdout))
    }

    @Test func endOfStdinIsEnoughForThePolite() async throws {
        let (child, stdio, _) = try await start("echo up; exec cat")
        let report = await child.stop { close(stdio.stdin) }
        #expect(report == StopReport(step: .stdinClosed, status: .exited(code: 0), survivors: [], escaped: []))
        close(stdio.stdout)
        close(stdio.stderr)
    }

    @Test func terminatesWhoIgnoresStdin() async throws {
        let (child, stdio, _) = try await start("echo up; exec sleep 600")
        defer { stdio.closeAll() }
        let report = await child.stop(brief)
        #expect(report == StopReport(step: .terminated, status: .signalled(SIGTERM), survivors: [], escaped: []))
    }

    @Test func terminatesAStoppedProcess() async throws {
        let (child, stdio, _) = try await start("echo up; exec sleep 600")
        defer { stdio.closeAll() }
        child.signal(SIGSTOP)
        #expect(await child.stop(brief).step == .terminated)
    }

    @Test func killsGrandchildrenThatIgnoreTerm() async throws {
        let (child, stdio, said) = try await start("(trap '' TERM; echo $$; while :; do sleep 600; done) & wait")
        defer { stdio.closeAll() }
        #expect(said == "\(child.pid)")
        let report = await child.stop(brief)
        #expect(report == StopReport(step: .killed, status: .signalled(SIGTERM), survivors: [], escaped: []))
        #expect(child.groupMembers.isEmpty)
        #expect(ProcessTable.members(ofSession: child.pid).isEmpty)
    }

    @Test func killsAnotherGroupOfTheSameSession() async throws {
        // With `set -m`, bash gives each background job a group of its own.
        let (child, stdio, said) = try await start(
            "exec bash -c 'set -m; (trap \"\" TERM; exec sleep 600) & echo $!; exec sleep 600'")
        defer { stdio.closeAll() }
        let pid = try #require(Int32(said))
        let other = try #require(ProcessTable.find(pid))
        #expect(other.session == child.pid)
        #expect(other.group != child.pid)
        let report = await child.stop(brief)
        #expect(report.survivors.isEmpty)
        #expect(!ProcessTable.isAlive(other))
    }

    @Test func reportsWhoLeftTheSession() async throws {
        let (child, stdio, said) = try await start("setsid sh -c 'echo $$; exec sleep 600' & wait")
        defer { stdio.closeAll() }
        let daemon = try #require(Int32(said))
        let report = await child.stop(brief)
        #expect(report.escaped == [daemon])
        #expect(report.survivors.isEmpty)
        kill(daemon, SIGKILL)
    }

    @Test func killedLeaderWithALivingGrandchildIsSeenAtOnce() async throws {
        let (child, stdio, said) = try await start("sleep 600 & echo $!; wait")
        defer { stdio.closeAll() }
        let grandchild = try #require(Int32(said))
        let clock = ContinuousClock()
        let start = clock.now
        child.signal(SIGKILL)
        #expect(await child.exit == .signalled(SIGKILL))
        // Well before the grandchild's ten minutes, on a machine that runs all other tests at the same time.
        #expect(start.duration(to: clock.now) < .seconds(5))
        #expect(child.groupMembers == [grandchild])
        child.killGroup()
        try await ProcessFixture.untilEnded(grandchild)
        #expect(child.groupMembers.isEmpty)
    }

    @Test func stopsWhatADeadLeaderLeftBehind() async throws {
        let (child, stdio, said) = try await start(#"sh -c 'trap "" TERM; echo $$; exec sleep 600' &"#)
        defer { stdio.closeAll() }
        #expect(await child.exit == .exited(code: 0))
        let grandchild = try #require(Int32(said))
        #expect(child.groupMembers == [grandchild])
        let report = await child.stop(brief)
        #expect(report == StopReport(step: .killed, status: .exited(code: 0), survivors: [], escaped: []))
    }

    @Test func cancellationDoesNotShortenTheGraces() async throws {
        let (child, stdio, _) = try await start("trap 'exit 9' TERM; echo up; while :; do sleep 0.02; done")
        defer { stdio.closeAll() }
        let ladder = StopLadder(afterStdinClosed: .milliseconds(100), afterTerminate: .seconds(10))
        let task = Task { await child.stop(ladder) }
        task.cancel()
        let report = await task.value
        #expect(report == StopReport(step: .terminated, status: .exited(code: 9), survivors: [], escaped: []))
    }

    @Test func stoppingTwiceAtOnceIsFine() async throws {
        let (child, stdio, _) = try await start("echo up; exec sleep 600")
        defer { stdio.closeAll() }
        async let first = child.stop(brief)
        async let second = child.stop(brief)
        let reports = await [first, second]
        #expect(reports.allSatisfy { $0.status == .signalled(SIGTERM) && $0.survivors.isEmpty })
        #expect(await child.stop().step == .stdinClosed)
    }

    @Test func sweepKnowsAReusedNumber() async throws {
        let (child, stdio, _) = try await start("echo up; exec sleep 600")
        defer { stdio.closeAll() }
        let record = ProcessRecord(child)
        #expect(ProcessRecord(pid: record.pid, startTime: record.startTime + 1, bootID: record.bootID).sweep() == 0)
        #expect(ProcessRecord(pid: record.pid, startTime: record.startTime - 1, bootID: record.bootID).sweep() == 0)
        #expect(ProcessRecord(pid: record.pid, startTime: record.startTime, bootID: "other").sweep() == 0)
        #expect(child.status == nil)
        #expect(record.sweep() == 1)
        #expect(await child.exit == .signalled(SIGKILL))
        #expect(record.sweep() == 0)
    }
}
