import GateTestKit
import Testing

@testable import GateCore

/// A supervisor with its own time. Keeps what it asked for.
private struct Bench {
    var supervisor: Supervisor
    var now = ContinuousClock.now
    var spawns: [Instant] = []

    init(_ policy: Supervisor.Policy = .init(), enabled: Bool = true) {
        supervisor = Supervisor(policy: policy, enabled: enabled, now: now)
    }

    var state: Supervisor.State { supervisor.state }

    mutating func pass(_ seconds: Double) { now = now.advanced(by: .seconds(seconds)) }

    @discardableResult
    mutating func send(_ events: Supervisor.Event...) -> [Supervisor.Action] {
        var actions: [Supervisor.Action] = []
        for event in events {
            actions = supervisor.handle(event, now: now, random: 0.5)
            if actions.contains(.spawn) { spawns.append(now) }
        }
        return actions
    }

    /// Waits for the planned retry and reports it.
    mutating func retry() {
        guard let due = supervisor.nextRetry else { return }
        now = due
        send(.retryDue)
    }

    mutating func run() { send(.startRequested, .started, .ready) }
}

@Suite struct SupervisorTests {
    @Test func startsAndRuns() {
        var bench = Bench()
        let before = bench.now
        #expect(
            bench.send(.startRequested) == [
                .announce(.init(from: .stopped, to: .starting, at: before, reason: "start requested")), .spawn,
            ])
        #expect(bench.send(.started) == [])
        bench.pass(2)
        #expect(
            bench.send(.ready) == [.announce(.init(from: .starting, to: .running, at: bench.now, reason: "ready"))])
        #expect(bench.supervisor.since == bench.now && bench.supervisor.restarts == 0)
    }

    @Test func anExitIsRetriedWithinATenthOfASecond() {
        var bench = Bench()
        bench.run()
        bench.pass(5)
        let actions = bench.send(.exited(.signal(9)))
        #expect(actions.last == .scheduleRetry(at: bench.now.advanced(by: .milliseconds(100))))
        #expect(bench.state == .backingOff && bench.supervisor.lastExit == .signal(9))
        #expect(bench.supervisor.reason == "ended: signal 9 (SIGKILL)")
        bench.pass(0.05)
        #expect(bench.send(.retryDue) == [], "a stale timer starts nothing")
        bench.retry()
        #expect(bench.state == .starting && bench.supervisor.restarts == 1 && bench.supervisor.nextRetry == nil)
    }

    @Test func fiveFailedStartsMakeACrashLoopWithOneProbeAMinute() {
        var bench = Bench()
        bench.send(.startRequested)
        let start = bench.now
        for _ in 0..<8 {
            bench.send(.started, .exited(.code(1)))
            bench.retry()
        }
        let firstMinute = bench.spawns.filter { start.duration(to: $0) < .seconds(60) }
        #expect(firstMinute.count == 5)
        let gaps = zip(bench.spawns.dropFirst(4), bench.spawns.dropFirst(5)).map { $0.duration(to: $1) }
        #expect(gaps == [.seconds(60), .seconds(60), .seconds(60), .seconds(60)])
        #expect(bench.supervisor.restarts == 8)
    }

    @Test func onlyHalfAMinuteOfHealthRestoresTheBudget() {
        var bench = Bench()
        bench.send(.startRequested)
        for _ in 0..<5 {
            bench.send(.started, .exited(.code(1)))
            bench.retry()
        }
        bench.send(.started, .ready)
        bench.pass(29)
        bench.send(.exited(.code(1)))
        #expect(bench.state == .crashLooping)
        bench.retry()
        bench.send(.started, .ready)
        bench.pass(30)
        bench.send(.exited(.code(1)))
        #expect(bench.state == .backingOff)
        #expect(bench.supervisor.nextRetry == bench.now.advanced(by: .milliseconds(100)))
    }

    @Test func theOperatorRestartsACrashLoopAtOnce() {
        var bench = Bench()
        bench.send(.startRequested)
        for _ in 0..<5 {
            bench.send(.connectFailed("no such file"))
            if bench.state == .backingOff { bench.retry() }
        }
        #expect(bench.state == .crashLooping)
        #expect(bench.send(.wake) == [])
        #expect(bench.send(.restartRequested).first == .cancelRetry)
        #expect(bench.state == .starting)
        bench.send(.connectFailed("no such file"))
        #expect(bench.state == .backingOff)
    }

    /// What must not be started is not tried again by itself, nor by calls.
    @Test func whatIsRefusedWaitsForTheOperator() {
        var bench = Bench()
        bench.send(.startRequested)
        let actions = bench.send(.refused("no Landlock"))
        #expect(bench.state == .blocked && bench.supervisor.reason == "no Landlock")
        #expect(actions.count == 1 && bench.supervisor.nextRetry == nil)
        bench.pass(600)
        for event in [Supervisor.Event.wake, .retryDue, .healthOK, .idleStopRequested, .refused("again"), .stopped] {
            #expect(bench.send(event) == [])
        }
        #expect(bench.supervisor.advice(server: "a", now: bench.now).contains("gatecall server restart a"))
        #expect(bench.send(.restartRequested).contains(.spawn))
        bench.send(.refused("no Landlock"))
        #expect(bench.state == .blocked && bench.spawns.count == 2)
        #expect(bench.send(.startRequested).contains(.spawn))
        bench.send(.started, .ready)
        #expect(bench.state == .running)
        bench.send(.stopRequested, .stopped, .startRequested, .refused("x"), .stopRequested)
        #expect(bench.state == .stopped)
    }

    /// Stopped while it was being looked at.
    @Test func aRefusalThatComesWhenItIsStoppedChangesNothing() {
        var bench = Bench()
        bench.send(.startRequested, .stopRequested, .refused("x"))
        #expect(bench.state == .stopped)
    }

    @Test func threeMissesInARowRestart() {
        var bench = Bench()
        bench.run()
        bench.pass(60)
        bench.send(.healthMissed(), .healthMissed())
        #expect(bench.state == .degraded && bench.supervisor.misses == 2)
        bench.send(.healthOK)
        #expect(bench.state == .running && bench.supervisor.misses == 0)
        bench.send(.healthMissed(), .healthMissed())
        #expect(bench.send(.healthMissed()).last == .stop)
        #expect(bench.state == .stopping)
        bench.send(.exited(.signal(15)))
        #expect(bench.state == .backingOff && bench.supervisor.reason == "missed 3 health checks in a row")
    }

    @Test func silenceOverCallsInTheirTimeIsShownAndLeadsToNoRestart() {
        var bench = Bench()
        bench.run()
        bench.pass(60)
        for _ in 0..<10 { bench.send(.healthMissed(isBusy: true)) }
        #expect(bench.state == .degraded && bench.supervisor.misses == 0)
        #expect(bench.supervisor.reason == "answers no health check while it works on calls")
        // As soon as it has nothing to show for it, it counts.
        bench.send(.healthMissed(), .healthMissed())
        #expect(bench.send(.healthMissed(detail: "process is stopped: state T")).last == .stop)
        #expect(
            bench.supervisor.reason
                == "does not answer (process is stopped: state T): missed 3 health checks in a row")
    }

    @Test func whatIsWrongThoughItAnswersIsShownUntilItIsOver() {
        var bench = Bench()
        bench.run()
        bench.send(.impaired("it writes noise"))
        #expect(bench.state == .degraded && bench.supervisor.reason == "it writes noise")
        // A health check that is answered says nothing about it.
        #expect(bench.send(.healthOK) == [])
        bench.send(.healthMissed())
        #expect(bench.supervisor.reason == "missed 1 health check in a row")
        bench.send(.healthOK)
        #expect(bench.state == .degraded && bench.supervisor.reason == "it writes noise")
        bench.send(.impaired(nil))
        #expect(bench.state == .running)
        bench.send(.impaired("it writes noise"), .exited(.code(1)))
        bench.retry()
        bench.send(.ready)
        #expect(bench.state == .running)
    }

    @Test func aLostConversationIsAFailureWithItsOwnReason() {
        var bench = Bench()
        bench.run()
        bench.send(.lost("it stopped reading its input"))
        #expect(bench.state == .backingOff && bench.supervisor.reason == "it stopped reading its input")
        #expect(bench.supervisor.lastExit == .disconnected)
        #expect(bench.send(.lost("again")) == [])
        bench.retry()
        #expect(bench.state == .starting)
    }

    @Test func withoutAutoRestartItIsMarkedOnly() {
        var bench = Bench(.init(autoRestart: false))
        bench.run()
        for _ in 0..<5 { bench.send(.healthMissed()) }
        #expect(bench.state == .degraded)
        bench.send(.exited(.code(3)))
        #expect(bench.state == .stopped)
        #expect(bench.send(.wake) == [])
        bench.send(.startRequested)
        #expect(bench.state == .starting)
    }

    @Test func aHandshakeThatFailsStopsTheProcessFirst() {
        var bench = Bench()
        bench.send(.startRequested, .started)
        #expect(bench.send(.connectFailed("no answer to initialize")).last == .stop)
        #expect(!bench.send(.wake).contains(.spawn))
        bench.send(.exited(.signal(15)))
        #expect(bench.state == .backingOff && bench.supervisor.reason == "no answer to initialize")
    }

    @Test func callsShortenAWaitButCannotBurnTheBudget() {
        var bench = Bench()
        bench.send(.startRequested)
        for _ in 0..<4 {
            bench.send(.exited(.code(1)))
            bench.retry()
        }
        bench.run()
        bench.pass(31)
        for _ in 0..<6 { _ = bench.supervisor.backoff.next(random: 0.5) }
        var late = Bench()
        late.supervisor = bench.supervisor
        late.now = bench.now
        late.supervisor.healthySince = nil
        late.supervisor.budget.clear()
        late.send(.exited(.code(1)))
        #expect(late.send(.wake) == [.scheduleRetry(at: late.now.advanced(by: .seconds(1)))])
        #expect(late.send(.wake) == [])
        late.pass(1)
        late.send(.retryDue)
        #expect(late.state == .starting)
    }

    @Test func lazyOnesStartWithACallAndSleepWhenIdle() {
        var bench = Bench(.init(startsEagerly: false))
        #expect(bench.send(.wake).last == .spawn)
        bench.send(.started, .ready)
        #expect(bench.send(.idleStopRequested).last == .stop)
        bench.send(.exited(.code(0)))
        #expect(bench.state == .stopped)
        #expect(bench.send(.wake).last == .spawn)
        bench.send(.started, .ready, .stopRequested, .stopped)
        #expect(bench.send(.wake) == [], "what the operator stopped stays stopped")
    }

    @Test func stopWinsOverEverythingThatWasPlanned() {
        var bench = Bench()
        bench.run()
        bench.send(.exited(.code(1)))
        #expect(bench.send(.stopRequested).first == .cancelRetry)
        #expect(bench.state == .stopped)
        bench.pass(60)
        #expect(bench.send(.retryDue) == [])
        bench.send(.startRequested, .started, .restartRequested, .stopRequested, .exited(.code(0)))
        #expect(bench.state == .stopped)
    }

    @Test func aStartDuringAStopFollowsIt() {
        var bench = Bench()
        bench.run()
        bench.send(.stopRequested)
        #expect(bench.send(.startRequested) == [])
        #expect(bench.send(.exited(.code(0))).last == .spawn)
        #expect(bench.supervisor.reason == "start requested")
    }

    @Test func disableAndEnable() {
        var bench = Bench(enabled: false)
        #expect(bench.send(.startRequested) == [] && bench.send(.wake) == [])
        #expect(bench.send(.enable).last == .spawn)
        bench.send(.started, .ready, .disable, .restartRequested, .startRequested, .exited(.code(0)))
        #expect(bench.state == .disabled)
        bench.send(.enable, .disable, .enable, .stopped)
        #expect(bench.state == .starting)
    }

    /// Whatever happens in whatever order: never two processes, a planned retry exactly while it waits, and every
    /// change of state announced from where it was.
    @Test(arguments: 0..<30 as Range<UInt64>)
    func invariants(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var bench = Bench(.init(autoRestart: seed % 5 != 0, startsEagerly: seed % 2 == 0))
        let events: [Supervisor.Event] = [
            .enable, .disable, .startRequested, .restartRequested, .stopRequested, .idleStopRequested, .wake, .retryDue,
            .ready, .healthOK, .healthMissed(), .healthMissed(), .startRequested, .wake, .retryDue, .ready,
        ]
        var isAlive = false
        for _ in 0..<2_000 {
            let before = bench.state
            var event = events.randomElement(using: &random) ?? .wake
            if isAlive, Int.random(in: 0..<4, using: &random) == 0 {
                event = Bool.random(using: &random) ? .exited(.code(1)) : .connectFailed("x")
                if case .exited = event { isAlive = false }
            } else if isAlive, Int.random(in: 0..<6, using: &random) == 0 {
                event = .started
            }
            // Without a reported process, a failed connection means that there is none.
            if event == .connectFailed("x"), !bench.supervisor.hasProcess { isAlive = false }
            var state = before
            for action in bench.send(event) {
                switch action {
                case .spawn:
                    #expect(!isAlive, "seed \(seed): two processes")
                    isAlive = true
                case .announce(let change):
                    #expect(change.from == state && change.from != change.to)
                    state = change.to
                case .stop, .scheduleRetry, .cancelRetry: break
                }
            }
            #expect(state == bench.state)
            #expect((bench.supervisor.nextRetry != nil) == (bench.state == .backingOff || bench.state == .crashLooping))
            bench.pass(Double.random(in: 0..<20, using: &random))
        }
    }
}
