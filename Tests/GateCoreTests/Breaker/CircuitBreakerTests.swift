import Testing

@testable import GateCore

/// A breaker with its own time: a script of what happens reads like the truth table.
private struct Bench {
    var breaker: CircuitBreaker
    var now = ContinuousClock.now

    init(_ configuration: CircuitBreaker.Configuration = .init()) {
        breaker = CircuitBreaker(configuration: configuration)
    }

    mutating func pass(_ seconds: Double) { now = now.advanced(by: .seconds(seconds)) }

    mutating func ticket() -> CircuitBreaker.Ticket? {
        switch breaker.admit(now: now) {
        case .allow(let ticket), .probe(let ticket, _): ticket
        case .reject: nil
        }
    }

    mutating func taken() throws -> CircuitBreaker.Ticket {
        let ticket = ticket()
        return try #require(ticket)
    }

    @discardableResult
    mutating func run(_ outcomes: CircuitBreaker.Outcome...) -> CircuitBreaker.State {
        for outcome in outcomes {
            guard let ticket = ticket() else { continue }
            breaker.record(ticket, outcome, now: now)
        }
        return breaker.state
    }

    /// Fails until it is open, then waits until it lets a probe pass.
    mutating func untilProbe() {
        run(.failure, .failure, .failure, .failure, .failure)
        pass(30)
    }
}

@Suite struct CircuitBreakerTests {
    @Test func saysWhatTheOperatorShouldDo() {
        var bench = Bench()
        #expect(bench.breaker.advice(server: "x", now: bench.now) == nil)
        bench.run(.failure, .failure, .failure, .failure, .failure)
        bench.pass(10)
        let advice = bench.breaker.advice(server: "x", now: bench.now)
        #expect(
            advice
                == "Calls to it are refused after 5 failures in a row; it is tried again in 20 s. Look at its last error and "
                + "its stderr; `gatecall server restart x` closes the circuit at once.")
        bench.pass(20)
        _ = bench.ticket()
        #expect(bench.breaker.advice(server: "x", now: bench.now)?.hasPrefix("Nothing to do: after 5 failures") == true)
    }

    @Test(
        arguments: [
            ([], .closed),
            ([.failure, .failure, .failure, .failure], .closed),
            ([.failure, .failure, .failure, .failure, .failure], .open),
            ([.failure, .failure, .failure, .failure, .success, .failure], .closed),
            ([.failure, .toolError, .failure, .cancelled, .failure, .failure, .failure], .open),
            (Array(repeating: .toolError, count: 50), .closed),
            (Array(repeating: .cancelled, count: 50), .closed),
        ] as [([CircuitBreaker.Outcome], CircuitBreaker.State)])
    func opensAfterFailuresInARow(outcomes: [CircuitBreaker.Outcome], state: CircuitBreaker.State) {
        var bench = Bench()
        for outcome in outcomes { bench.run(outcome) }
        #expect(bench.breaker.state == state)
    }

    @Test(
        arguments: [
            ([.success], .halfOpen), ([.success, .success], .closed), ([.failure], .open),
            ([.success, .failure], .open),
            ([.cancelled, .toolError, .cancelled], .halfOpen), ([.success, .cancelled, .success], .closed),
        ] as [([CircuitBreaker.Outcome], CircuitBreaker.State)])
    func probesDecide(outcomes: [CircuitBreaker.Outcome], state: CircuitBreaker.State) {
        var bench = Bench()
        bench.untilProbe()
        for outcome in outcomes { bench.run(outcome) }
        #expect(bench.breaker.state == state)
    }

    @Test func aFreshBackendIsProbedAtOnceAndNotTrustedUnseen() {
        var bench = Bench()
        bench.run(.failure, .failure, .failure, .failure, .failure)
        bench.breaker.backendReplaced(now: bench.now)
        #expect(bench.breaker.state == .open)
        guard case .probe = bench.breaker.admit(now: bench.now) else {
            Issue.record("no probe")
            return
        }
        #expect(bench.breaker.state == .halfOpen)
        var closed = Bench()
        closed.breaker.backendReplaced(now: closed.now)
        #expect(closed.breaker.state == .closed)
    }

    @Test func openRejectsWithTheTimeLeft() {
        var bench = Bench()
        bench.run(.failure, .failure, .failure, .failure, .failure)
        #expect(bench.breaker.admit(now: bench.now) == .reject(retryAfter: .seconds(30)))
        bench.pass(12)
        #expect(bench.breaker.admit(now: bench.now) == .reject(retryAfter: .seconds(18)))
        #expect(bench.breaker.retryAfter(now: bench.now) == .seconds(18))
        bench.pass(18)
        guard case .probe(_, let transition) = bench.breaker.admit(now: bench.now) else {
            Issue.record("no probe")
            return
        }
        #expect(transition == .init(from: .open, to: .halfOpen, at: bench.now, failures: 5))
    }

    @Test func exactlyOneProbeWithAHundredCallersAtTheDoor() {
        var bench = Bench()
        bench.untilProbe()
        var probes: [CircuitBreaker.Ticket] = []
        for _ in 0..<100 {
            switch bench.breaker.admit(now: bench.now) {
            case .allow: Issue.record("a call became the guinea pig")
            case .probe(let ticket, _): probes.append(ticket)
            case .reject(let retryAfter): #expect(retryAfter > .zero && retryAfter <= .seconds(1))
            }
        }
        #expect(probes.count == 1)
        #expect(bench.breaker.record(probes[0], .success, now: bench.now) == nil)
        #expect(bench.breaker.record(probes[0], .success, now: bench.now) == nil, "a repeated report counted")
        let second = bench.ticket()
        #expect(second != nil && bench.ticket() == nil)
        let closed = second.flatMap { bench.breaker.record($0, .success, now: bench.now) }
        #expect(closed?.from == .halfOpen && closed?.to == .closed)
    }

    @Test func lateResultsOfAnEarlierGenerationAreIgnored() throws {
        var bench = Bench()
        let early = try bench.taken()
        bench.untilProbe()
        #expect(bench.breaker.record(early, .success, now: bench.now) == nil)
        let probe = try bench.taken()
        #expect(bench.breaker.record(early, .failure, now: bench.now) == nil)
        #expect(bench.breaker.state == .halfOpen)
        bench.breaker.record(probe, .success, now: bench.now)
        bench.run(.success)
        for _ in 0..<10 { bench.breaker.record(early, .failure, now: bench.now) }
        #expect(bench.breaker.state == .closed && bench.breaker.failures == 0)
    }

    @Test func aLostProbeIsReplacedAndCannotSpeakForItsSuccessor() throws {
        var bench = Bench()
        bench.untilProbe()
        let lost = try bench.taken()
        bench.pass(29)
        #expect(bench.ticket() == nil)
        bench.pass(1)
        let next = try bench.taken()
        #expect(bench.breaker.record(lost, .failure, now: bench.now) == nil)
        #expect(bench.breaker.state == .halfOpen)
        #expect(bench.breaker.record(next, .failure, now: bench.now)?.to == .open)
        #expect(bench.breaker.timesOpened == 2)
    }

    @Test func resetClosesAndForgets() throws {
        var bench = Bench()
        let early = try bench.taken()
        bench.run(.failure, .failure, .failure, .failure)
        #expect(bench.breaker.reset(now: bench.now) == nil)
        for _ in 0..<5 { bench.breaker.record(early, .failure, now: bench.now) }
        #expect(bench.breaker.state == .closed)
        bench.run(.failure, .failure, .failure, .failure, .failure)
        let transition = bench.breaker.reset(now: bench.now)
        #expect(transition?.from == .open && transition?.to == .closed)
        #expect(bench.run(.failure, .failure, .failure, .failure) == .closed)
    }

    @Test func noSettingTurnsItOff() {
        var bench = Bench(.init(failureThreshold: 0, resetTimeout: .seconds(-1), successThreshold: -3))
        #expect(bench.run(.failure) == .open)
        #expect(bench.run(.success) == .closed)
    }
}
