package import GateCore
package import GateProtocol
package import NIOCore
import Synchronization

/// A call on its way to a backend.
package struct BackendCall: Sendable {
    package var operation: BackendOperation
    package var meta: ByteBuffer?
    /// A further round of the call, for backends of 2026-07-28.
    package var round: CallRound?
    /// Who is served in turn when the backend is busy.
    package var principal: ExactText
    /// The caller's session, where it has one.
    package var session: InstanceOwner?
    /// The caller's tenant, by its credential.
    package var tenant: ExactText?
    /// Whether the principal's name was given on purpose, so that it tells agents apart.
    package var isNamed = false
    /// Absolute: progress does not extend it.
    package var deadline: Instant
    package let listener: CallListener?
    /// Tells the caller why it waits, if it wants to know.
    let notices: WaitNotices?
    /// Whether the call does no harm when it is carried out twice, by the word of a server that the operator trusts.
    package var isRepeatable = false
    /// Whether the tool can only be called as a task, by its own word (2025-11-25).
    package var demandsTask = false
    /// Writes down what the call meets.
    package var trace: CallTrace?
    /// Header fields that repeat arguments, for backends over HTTP.
    package var mirrored: [(header: String, value: String)] = []

    package init(
        _ operation: BackendOperation, meta: ByteBuffer? = nil, principal: ExactText, deadline: Instant,
        listener: CallListener? = nil
    ) {
        self.operation = operation
        self.meta = meta
        self.principal = principal
        self.deadline = deadline
        self.listener = listener
        notices = listener.flatMap { listener in
            listener.wantsProgress ? WaitNotices { listener.onEvent(.progress($0)) } : nil
        }
    }
}

extension Backend {
    /// Sends a call: past the circuit breaker, to a backend that is ready, with a free slot. Every step may refuse it; nothing has
    /// been sent then.
    package func call(_ call: BackendCall) async throws(GateError) -> WireMessage {
        let now = Instant.now
        let ticket = try await passBreaker(now: now, call.trace)
        var isUnreachable = false
        do throws(GateError) {
            let reply = try await admitted(call, now: now, isUnreachable: &isUnreachable)
            let failed = reply.isFailure
            finish(ticket, failed ? .toolError : .success, failed: failed)
            return reply
        } catch {
            let outcome = error.outcome(isUnreachable: isUnreachable)
            // That it does not run is known, and in better words.
            let isNews = isUnreachable || ![.backendDown, .backendDisabled].contains(error.code)
            finish(ticket, outcome, failed: true, error: isNews ? error : nil)
            throw error
        }
    }

    private func admitted(
        _ call: BackendCall, now: Instant, isUnreachable: inout Bool
    ) async throws(GateError) -> WireMessage {
        call.trace?.enter(.startup, now: now)
        let connection = try await readyConnection(deadline: call.deadline, notices: call.notices)
        try await enterQueue(call, now: call.trace == nil ? now : .now)
        defer { leaveQueue() }
        return try await send(call, on: connection, isUnreachable: &isUnreachable)
    }

    private func finish(
        _ ticket: CircuitBreaker.Ticket, _ outcome: CircuitBreaker.Outcome, failed: Bool,
        error: GateError? = nil
    ) {
        let now = Instant.now
        let transition = state.withLock { state in
            state.count.record(failed: failed)
            if let error, error.code != .cancelled { state.lastError = error.message }
            if outcome == .success || outcome == .toolError { state.lastAnswer = now }
            return state.breaker.record(ticket, outcome, now: now)
        }
        if let transition { tell(transition) }
    }

    // MARK: The breaker

    func passBreaker(now: Instant, _ trace: CallTrace? = nil) async throws(GateError) -> CircuitBreaker.Ticket {
        var now = now
        while true {
            switch state.withLock({ $0.breaker.admit(now: now) }) {
            case .allow(let ticket): return ticket
            case .reject(let wait):
                trace?.note { $0.circuit = .open }
                throw circuitOpen(wait)
            case .probe(let ticket, let transition):
                trace?.note { $0.circuit = .halfOpen }
                if let transition { tell(transition) }
                let works = await answersHarmlessly(within: .seconds(5))
                now = .now
                // A caller that gave up in the middle has proved nothing.
                let outcome: CircuitBreaker.Outcome = works ? .success : Task.isCancelled ? .cancelled : .failure
                let change = state.withLock { $0.breaker.record(ticket, outcome, now: now) }
                if let change { tell(change) }
                if outcome == .cancelled { throw cancelledInLine() }
            }
        }
    }

    /// Whether the backend answers a request that does nothing, so that no user's call is the guinea pig.
    func answersHarmlessly(within patience: Duration) async -> Bool {
        let deadline = Instant.now.advanced(by: patience)
        do throws(GateError) {
            let connection = try await readyConnection(deadline: deadline)
            let method = connection.era == .modern ? MCPMethod.discover : MCPMethod.ping
            _ = try await connection.send(BackendRequest(method, deadline: deadline, isCancellable: false))
            return true
        } catch {
            return false
        }
    }

    // MARK: Ready, or on the way to it

    func readyConnection(
        deadline: Instant, notices: WaitNotices? = nil
    ) async throws(GateError) -> BackendConnection {
        // What nearly every call finds; the rest is looked at only where there is something to explain.
        if let ready = state.withLock({ $0.supervisor.state.acceptsCalls ? $0.live?.connection : nil }) { return ready }
        let (supervisor, withoutToken) = state.withLock { ($0.supervisor, $0.withoutToken) }
        switch supervisor.state {
        case .crashLooping: throw withoutToken ?? notRunning(supervisor)
        case .disabled: throw notRunning(supervisor)
        case .blocked: throw blocked()
        case .stopped where !supervisor.startsForCalls: throw notRunning(supervisor)
        default: break
        }
        wake()
        let told = notices?.run(on: loop) { [name] in "Server '\(name)' is starting." }
        defer { told?.cancel() }
        return try await waitUntilReady(deadline: deadline)
    }

    private func waitUntilReady(deadline: Instant) async throws(GateError) -> BackendConnection {
        let id = state.withLock { $0.ready.makeID() }
        let delay = TimeAmount.nanoseconds(max(.zero, Instant.now.duration(to: deadline)).wholeNanoseconds)
        let timer = loop.scheduleTask(in: delay) {
            self.state.withLock { $0.ready.remove(id) }?.resume(returning: .failure(self.stillStarting()))
        }
        defer { timer.cancel() }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: ReadyLine.Waiter) in
                let answer = state.withLock { state -> Result<BackendConnection, GateError>? in
                    if let live = state.live, state.supervisor.state.acceptsCalls { return .success(live.connection) }
                    guard state.ready.count < ReadyLine.capacity else { return .failure(overloaded(.seconds(1))) }
                    state.ready.insert(waiter, id: id)
                    return nil
                }
                if let answer { waiter.resume(returning: answer) }
                if Task.isCancelled { cancelWaiting(id) }
            }
        } onCancel: {
            cancelWaiting(id)
        }
        return try result.get()
    }

    private func cancelWaiting(_ id: UInt64) {
        let error = GateError(
            .cancelled, "The caller cancelled the call while server '\(name)' was starting. It was not sent.",
            source: .caller, server: name)
        state.withLock { $0.ready.remove(id) }?.resume(returning: .failure(error))
    }

    /// Nothing that these calls could wait for would change why they cannot be sent.
    func refuseWaiters(_ error: GateError) {
        let waiters = state.withLock { $0.ready.removeAll() }
        for waiter in waiters { waiter.resume(returning: .failure(error)) }
    }

    /// After each decision: calls that wait either have their backend now, or will not have it soon.
    func settleWaiters() {
        let (waiters, result) = state.withLock { state -> ([ReadyLine.Waiter], Result<BackendConnection, GateError>) in
            if let live = state.live, state.supervisor.state.acceptsCalls {
                return (state.ready.removeAll(), .success(live.connection))
            }
            switch state.supervisor.state {
            case .blocked: return (state.ready.removeAll(), .failure(blocked()))
            case .crashLooping, .disabled:
                return (state.ready.removeAll(), .failure(state.withoutToken ?? notRunning(state.supervisor)))
            case .stopped where !state.supervisor.startsForCalls:
                return (state.ready.removeAll(), .failure(notRunning(state.supervisor)))
            case .stopped where state.ready.count > 0:
                // It fell asleep while the call was on its way.
                wake()
                return ([], .failure(stillStarting()))
            default: return ([], .failure(stillStarting()))
            }
        }
        for waiter in waiters { waiter.resume(returning: result) }
    }

    // MARK: The bulkhead

    private func enterQueue(_ call: BackendCall, now: Instant) async throws(GateError) {
        let (id, decision, inFlight, waiting) = state.withLock { state in
            state.nextCall &+= 1
            let id = state.nextCall
            let (inFlight, waiting) = (state.admission.inFlight, state.admission.waiting)
            return (
                id, state.admission.enter(id: id, principal: call.principal, deadline: call.deadline, now: now),
                inFlight, waiting
            )
        }
        call.trace?.note { facts in
            facts.enter(.queue, now: now)
            facts.inFlight = inFlight
            facts.waiting = waiting
        }
        switch decision {
        case .run: return
        case .reject(let wait): throw overloaded(wait)
        case .wait: break
        }
        let delay = TimeAmount.nanoseconds(max(.zero, Instant.now.duration(to: call.deadline)).wholeNanoseconds)
        let timer = loop.scheduleTask(in: delay) { self.leaveLine(id) }
        let told = call.notices?.run(on: loop) { [name] in "Server '\(name)' is busy; the call waits for its turn." }
        defer {
            timer.cancel()
            told?.cancel()
        }
        let entered = await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: CheckedContinuation<Bool, Never>) in
                // It may have been let in already: then the slot is there without a waiter.
                let isIn = state.withLock { state in
                    if state.queued.removeValue(forKey: id) != nil { return true }
                    if state.letIn.remove(id) != nil { return true }
                    state.queued[id] = waiter
                    return false
                }
                if isIn { waiter.resume(returning: true) }
                if Task.isCancelled { leaveLine(id) }
            }
        } onCancel: {
            leaveLine(id)
        }
        if !entered { throw Task.isCancelled ? cancelledInLine() : overloaded(.seconds(1)) }
    }

    private func leaveLine(_ id: UInt64) {
        let waiter = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard state.admission.cancel(id: id) else { return nil }
            return state.queued.removeValue(forKey: id)
        }
        waiter?.resume(returning: false)
    }

    private func leaveQueue() {
        let waiter = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard let id = state.admission.leave(now: .now) else { return nil }
            guard let waiter = state.queued.removeValue(forKey: id) else {
                state.letIn.insert(id)
                return nil
            }
            return waiter
        }
        waiter?.resume(returning: true)
    }
}

extension WireMessage {
    /// The backend refused, or the tool said that it failed.
    var isFailure: Bool { envelope.kind == .failure || resultMember("isError")?.isTrue ?? false }
}
