/// Keeps calls away from a backend that fails, and lets them back when it has shown that it works.
///
/// closed → open after `failureThreshold` failures in a row → half-open after `resetTimeout` → closed after
/// `successThreshold` successful probes, or open again after a failed one.
///
/// While it is half-open, no call passes. Callers get ``Admission/probe(_:_:)`` one at a time: whoever holds it sends
/// one harmless request (ping, discover, list), records how it went, and asks again for its own call.
///
/// Every state has a generation number. A ticket of an earlier generation is ignored, so that late results of calls
/// admitted before the circuit opened change nothing. Nothing is kept over a restart: a breaker starts closed.
package struct CircuitBreaker: Sendable {
    package struct Configuration: Hashable, Sendable {
        /// Failures in a row that open the circuit.
        package var failureThreshold: Int
        /// How long it stays open before a probe is tried.
        package var resetTimeout: Duration
        /// Successful probes that close it.
        package var successThreshold: Int

        /// Values below one (or below zero for the timeout) are raised to that: no setting turns protection off.
        package init(failureThreshold: Int = 5, resetTimeout: Duration = .seconds(30), successThreshold: Int = 2) {
            self.failureThreshold = max(1, failureThreshold)
            self.resetTimeout = max(.zero, resetTimeout)
            self.successThreshold = max(1, successThreshold)
        }
    }

    package enum State: String, Hashable, Sendable, CaseIterable {
        case closed
        case open
        case halfOpen = "half_open"
    }

    /// The right to send one request. Give it back with ``record(_:_:now:)``.
    package struct Ticket: Hashable, Sendable {
        let generation: UInt64
    }

    package enum Admission: Hashable, Sendable {
        /// Send the call.
        case allow(Ticket)
        /// Send one harmless request instead, record its outcome, then ask again. The transition, if any, is the one
        /// from open to half-open that this probe caused.
        case probe(Ticket, Transition?)
        /// Do not send. Worth a new try after this time.
        case reject(retryAfter: Duration)
    }

    /// How a request went.
    package enum Outcome: Hashable, Sendable {
        case success
        /// Transport error, timeout, crash, or an answer against the protocol.
        case failure
        /// The caller gave up. Says nothing about the backend: counts neither way.
        case cancelled
        /// The tool itself said no (`isError`, invalid parameters). Counts neither way for calls; a probe that is
        /// answered at all has succeeded, so record that as ``success``.
        case toolError
    }

    package struct Transition: Hashable, Sendable {
        package let from: State
        package let to: State
        package let at: Instant
        /// Failures in a row at that moment.
        package let failures: Int
    }

    package let configuration: Configuration
    package private(set) var state: State = .closed
    /// Since when the state holds. Nil until the first transition.
    package private(set) var since: Instant?
    /// Failures in a row since the last success.
    package private(set) var failures = 0
    /// How often the circuit opened.
    package private(set) var timesOpened: UInt64 = 0

    private var generation: UInt64 = 0
    private var successes = 0
    private var openUntil: Instant?
    private var probeStarted: Instant?

    /// A probe that nobody reports on blocks the next one for this long at least.
    private static let shortestProbePatience = Duration.seconds(10)

    package init(configuration: Configuration = Configuration()) {
        self.configuration = configuration
    }

    /// Asks for the right to send a call at `now`.
    package mutating func admit(now: Instant) -> Admission {
        switch state {
        case .closed:
            return .allow(Ticket(generation: generation))
        case .open:
            if let until = openUntil, now < until { return .reject(retryAfter: now.duration(to: until)) }
            let transition = move(to: .halfOpen, now: now)
            return .probe(startProbe(now: now), transition)
        case .halfOpen:
            if let started = probeStarted {
                let patience = max(Self.shortestProbePatience, configuration.resetTimeout)
                let end = started.advanced(by: patience)
                if now < end { return .reject(retryAfter: min(.seconds(1), now.duration(to: end))) }
            }
            return .probe(startProbe(now: now), nil)
        }
    }

    /// Reports how the request of a ticket went. Late and repeated reports on a probe, and reports of an earlier
    /// generation, change nothing.
    ///
    /// - Returns: the change of state that this caused: an event for log and metrics.
    @discardableResult
    package mutating func record(_ ticket: Ticket, _ outcome: Outcome, now: Instant) -> Transition? {
        guard ticket.generation == generation else { return nil }
        switch state {
        case .closed: return recordCall(outcome, now: now)
        case .open: return nil
        case .halfOpen: return recordProbe(outcome, now: now)
        }
    }

    /// Closes the circuit by hand, for example because the backend was restarted. Requests still under way are
    /// ignored when they report.
    @discardableResult
    package mutating func reset(now: Instant) -> Transition? {
        failures = 0
        guard state != .closed else {
            generation &+= 1
            return nil
        }
        return move(to: .closed, now: now)
    }

    /// The backend has been replaced by a fresh one that greets: what is open may be probed at once. It stays open until the
    /// probes have succeeded.
    package mutating func backendReplaced(now: Instant) {
        if state == .open { openUntil = now }
    }

    /// How long until a probe may be tried. Nil when the circuit is not open.
    package func retryAfter(now: Instant) -> Duration? {
        guard state == .open, let openUntil else { return nil }
        return max(.zero, now.duration(to: openUntil))
    }

    private mutating func recordCall(_ outcome: Outcome, now: Instant) -> Transition? {
        switch outcome {
        case .success:
            failures = 0
            return nil
        case .cancelled, .toolError:
            return nil
        case .failure:
            failures += 1
            return failures >= configuration.failureThreshold ? move(to: .open, now: now) : nil
        }
    }

    private mutating func recordProbe(_ outcome: Outcome, now: Instant) -> Transition? {
        guard probeStarted != nil else { return nil }
        probeStarted = nil
        switch outcome {
        case .cancelled, .toolError:
            return nil
        case .failure:
            failures += 1
            return move(to: .open, now: now)
        case .success:
            successes += 1
            guard successes >= configuration.successThreshold else { return nil }
            failures = 0
            return move(to: .closed, now: now)
        }
    }

    private mutating func startProbe(now: Instant) -> Ticket {
        // Each probe has its own generation: one that was given up as lost cannot speak for its successor.
        generation &+= 1
        probeStarted = now
        return Ticket(generation: generation)
    }

    private mutating func move(to next: State, now: Instant) -> Transition {
        let transition = Transition(from: state, to: next, at: now, failures: failures)
        state = next
        since = now
        generation &+= 1
        successes = 0
        probeStarted = nil
        openUntil = next == .open ? now.advanced(by: configuration.resetTimeout) : nil
        if next == .open { timesOpened &+= 1 }
        return transition
    }
}
