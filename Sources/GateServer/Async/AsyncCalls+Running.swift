import GateBackend
import GateCore
import GateProtocol
import GateStore
import NIOCore
import Synchronization

/// Carrying calls out.
extension AsyncCalls {
    /// What the work on a call comes to.
    private enum WorkEnd: Sendable {
        case outcome(AsyncOutcome)
        /// The gateway stops, and the next run goes on with it.
        case left
    }

    /// - Parameter place: the server at which the call has one of the places for asynchronous calls.
    func execute(_ id: AsyncCallID, _ place: ExactText?, _ work: Work) async {
        if let entry = state.withLock({ $0.calls[id] }), let call = entry.call {
            let end = await entry.canceller.run { () -> WorkEnd in
                guard await begin(id, call, work) else { return .left }
                return await carryOut(id, call, work)
            }
            switch end {
            case .outcome(let outcome):
                let kept = bound(outcome)
                await self.end(id, .ended(kept.end), kept)
            case .left: leave(id)
            }
        }
        // Also for a call that was cancelled on its way here.
        guard let place, let next = state.withLock({ $0.leave(place, now: .now) }) else { return }
        arrive.yield(.call(next, place: place))
    }

    /// Writes that the call is being sent. As long as that cannot be written, it is not sent: it waits.
    ///
    /// - Returns: false when it is not to be sent: it has ended, or the gateway stops.
    private func begin(_ id: AsyncCallID, _ call: GatewayCall, _ work: Work) async -> Bool {
        let mayRepeat = work.mayRepeat(call)
        let beginning = state.withLock { state -> AsyncEntry? in
            guard var entry = state.calls[id], entry.state.event(.begins, now: clock()) == .keepIntent else {
                return nil
            }
            entry.isRepeatable = mayRepeat && entry.isInserted
            state.calls[id] = entry
            return entry
        }
        guard var entry = beginning else { return false }
        while entry.isInserted {
            do throws(StoreFailure) {
                try await store.update(entry.stored)
                break
            } catch {
                if Instant.now >= entry.deadline {
                    await end(id, .ended(.failed), .error(late(call)))
                    return false
                }
                guard await rest(.seconds(1)) else { return false }
            }
        }
        let hasBegun = state.withLock { state -> Bool in
            guard !state.isShutDown, state.calls[id]?.state.event(.began, now: clock()) == .tell else { return false }
            state.calls[id]?.call = nil
            return true
        }
        if hasBegun {
            announce(id)
        } else if entry.isInserted {
            // The gateway stops: the next run must find a call that was not sent. An end that came meanwhile stays.
            _ = entry.state.event(.postponed, now: clock())
            try? await store.update(entry.stored)
        }
        return hasBegun
    }

    private func carryOut(_ id: AsyncCallID, _ given: GatewayCall, _ work: Work) async -> WorkEnd {
        var call = given
        call.isAsync = true
        call.listener = listener(id, given.listener)
        var rounds = 0
        while true {
            guard let deadline = state.withLock({ $0.calls[id]?.deadline }) else { return .left }
            let now = Instant.now
            guard now < deadline else { return .outcome(.error(late(call))) }
            call.timeout = now.duration(to: deadline)
            do throws(GateError) {
                let reply = try await work.perform(call)
                // Whoever waits for the answer itself goes on with it.
                guard InterimResult.matches(reply), isKept(id) else { return .outcome(.reply(reply)) }
                rounds += 1
                guard rounds <= AsyncCalls.maxRounds else {
                    throw InterimResult.broken(reply, "it asked for input more than \(AsyncCalls.maxRounds) times")
                }
                let capabilities = given.listener?.capabilities ?? []
                call.round = try await round(id, InterimResult(reply), capabilities, until: deadline)
            } catch {
                let isUntouched = !error.sent && rounds == 0
                if isClosed, Task.isCancelled || error.code == .draining {
                    return await stopped(id, error, isUntouched, call)
                }
                guard isUntouched, AsyncCalls.passes(error), isKept(id), !Task.isCancelled else {
                    return .outcome(.error(error))
                }
                // It was accepted: a server that is busy at the moment is no reason to give it up.
                let pause = TimeAmount.seconds(Int64(max(1, min(error.retryAfter ?? 1, 30))))
                guard now.advanced(by: .nanoseconds(pause.nanoseconds)) < deadline else {
                    return .outcome(.error(error))
                }
                await postpone(id, call)
                guard await rest(pause) else {
                    return isClosed ? .left : .outcome(.error(error))
                }
                guard await begin(id, call, work) else { return .left }
            }
        }
    }

    /// Failures before a call was sent that may be over soon.
    private static func passes(_ error: GateError) -> Bool {
        error.code == .overloaded || error.code == .circuitOpen || error.code == .starting
    }

    /// Nothing was sent: the call counts as waiting again, also for a run to come.
    private func postpone(_ id: AsyncCallID, _ call: GatewayCall) async {
        let waiting = state.withLock { state -> AsyncEntry? in
            guard state.calls[id]?.state.event(.postponed, now: clock()) == .tell else { return nil }
            state.calls[id]?.call = call
            return state.calls[id]
        }
        guard let waiting else { return }
        // If it cannot be written, it counts as sent after a crash: it is not lost, and not repeated.
        if waiting.isInserted { try? await store.update(waiting.stored) }
        announce(id)
    }

    /// What the end of the gateway makes of a call that ran.
    private func stopped(
        _ id: AsyncCallID, _ error: GateError, _ isUntouched: Bool, _ call: GatewayCall
    ) async -> WorkEnd {
        let entry = state.withLock { $0.calls[id] }
        if isUntouched, entry?.isInserted == true {
            await postpone(id, call)
            return .left
        }
        if entry?.isRepeatable == true { return .left }
        return .outcome(.error(AsyncCalls.stopped(error, call)))
    }

    private func isKept(_ id: AsyncCallID) -> Bool { state.withLock { $0.calls[id]?.isKept ?? false } }
    private var isClosed: Bool { state.withLock { $0.closed != nil } }

    /// - Returns: false when the task was cancelled meanwhile.
    func rest(_ time: TimeAmount) async -> Bool {
        let timer = loop.scheduleTask(in: time) {}
        await withTaskCancellationHandler {
            _ = try? await timer.futureResult.get()
        } onCancel: {
            timer.cancel()
        }
        return !Task.isCancelled
    }

    /// What the end of the gateway makes of a call that ran.
    private static func stopped(_ error: GateError, _ call: GatewayCall) -> GateError {
        guard error.code == .cancelled else { return error }
        return GateError(
            error.sent ? .outcomeUnknown : .draining,
            "stonegate stopped while the call was under way. "
                + (error.sent ? "Whether it took effect is unknown." : "It was not sent."), server: call.server,
            tool: call.target.tool, sent: error.sent)
    }

    func late(_ call: GatewayCall) -> GateError {
        GateError(
            .timeout, "The call's time was over before server '\(call.server)' was free for it. It was not sent.",
            server: call.server, tool: call.target.tool)
    }
}
