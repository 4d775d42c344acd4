import GateBackend
import GateCore
import GateProtocol
import GateStore
import NIOCore
import Synchronization

/// Carrying calls out, and ending them.
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

    private func cancelled(_ call: GatewayCall) -> GateError {
        GateError(
            .cancelled, "The call was cancelled.", source: .caller, server: call.server, tool: call.target.tool,
            sent: true)
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

    /// An outcome that may be kept.
    private func bound(_ outcome: AsyncOutcome) -> AsyncOutcome {
        guard case .reply(let reply) = outcome else { return outcome }
        let size = reply.message.buffer.readableBytes
        guard size <= limits.resultBytes else {
            return .error(
                GateError(
                    .backendError,
                    "Server '\(reply.server)' answered with \(size) bytes, more than async.max_result_bytes allows "
                        + "(\(limits.resultBytes)). The call was carried out; its result is lost.", source: .backend,
                    server: reply.server, tool: reply.tool, sent: true, correlationID: reply.correlationID))
        }
        return .reply(reply.compact)
    }

    // MARK: The end

    /// Ends a call, unless its end is decided already: keeps the outcome, then shows it.
    ///
    /// - Returns: whether this was the end.
    @discardableResult
    func end(_ id: AsyncCallID, _ event: AsyncCallState.Event, _ outcome: AsyncOutcome) async -> Bool {
        typealias Decided = (
            end: AsyncCallEnd, entry: AsyncEntry, asked: [(kind: QuestionKind, question: BackendQuestion)]
        )
        let decided = state.withLock { state -> Decided? in
            guard var entry = state.calls[id] else { return nil }
            let end: AsyncCallEnd
            switch entry.state.event(event, now: clock()) {
            case .keep(let decided), .stopAndKeep(let decided): end = decided
            case .nothing, .tell, .keepIntent, .publish: return nil
            }
            entry.outcome = outcome
            let asked = entry.questions.takeAll()
            state.calls[id] = entry
            return (end, entry, asked)
        }
        guard let decided else { return false }
        for asked in decided.asked { asked.question.answer(asked.question.unanswered("The call has ended.")) }
        // Harmless for a call whose work is over.
        decided.entry.canceller.cancel()
        let kept = ending(decided.entry, decided.end, outcome)
        // The result is held until it is kept, however long that takes.
        state.withLock { $0.calls[id]?.charge.set(kept.outcome?.count ?? 0) }
        let isKept = decided.entry.isKept ? await keep(id, kept) : true
        if !isKept, state.withLock({ $0.calls[id]?.isInserted ?? false }) {
            // Only the next run knows what the store has of it: until then it counts as running.
            letGo(id)
            return true
        }
        var record = AsyncCallRecord(kept)
        record.note = decided.entry.note
        record.outcome = outcome
        publish(id, record, isKept: isKept)
        return true
    }

    /// A call as it is kept when it has ended.
    private func ending(_ entry: AsyncEntry, _ end: AsyncCallEnd, _ outcome: AsyncOutcome) -> StoredCall {
        var kept = entry.stored
        kept.status = end.status
        kept.revision += 1
        kept.updatedAt = max(kept.updatedAt, clock())
        kept.expiresAt = kept.updatedAt + entry.keepTime.wholeMilliseconds
        kept.outcome = KeptOutcome(outcome, isIndirect: entry.note.isIndirect).bytes
        return kept
    }

    /// Keeps an end. A disk that is full is waited for: nobody is shown what may be lost. One that cannot say what it has is waited
    /// for as well, until the gateway stops: nobody is shown an end of which the next run may find another.
    private func keep(_ id: AsyncCallID, _ ended: StoredCall) async -> Bool {
        while true {
            // A call that became one that is kept a moment ago may be on its way into the store.
            let (isInserted, isLast) = state.withLock { ($0.calls[id]?.isInserted ?? false, $0.isShutDown) }
            do throws(StoreFailure) {
                if isInserted { try await store.update(ended) } else { _ = try await store.insert(ended) }
                return true
            } catch {
                if case .broken = error, !isInserted { return false }
                guard !isLast else { return false }
                _ = try? await loop.scheduleTask(in: .seconds(1)) {}.futureResult.get()
            }
        }
    }

    private func publish(_ id: AsyncCallID, _ kept: AsyncCallRecord, isKept: Bool) {
        let told = state.withLock { state -> (entry: AsyncEntry, watchers: [AsyncWatcher])? in
            guard var entry = state.calls[id],
                case .publish = entry.state.event(.kept(isKept), now: kept.updatedAt)
            else { return nil }
            state.calls[id] = entry
            _ = state.remove(id)
            return (entry, entry.isKept ? state.watchers.values.filter { $0.owner == entry.owner } : [])
        }
        guard let told else { return }
        var record = kept
        if !isKept {
            record.status = .outcomeUnknown
            record.outcome = .error(
                GateError(
                    .storageFailed, "The call has ended, but its outcome could not be kept.", server: record.server,
                    tool: record.tool, sent: true))
        }
        let view = AsyncCallView(record: record, progress: told.entry.progress)
        for waiter in told.entry.waiters.values {
            waiter.timer?.cancel()
            waiter.continuation.resume(returning: view)
        }
        for watcher in told.watchers { watcher.body(view, false) }
        if isKept, let callback = told.entry.callback { tellEnd(view.record, callback) }
    }

    /// Lets a call go that has not ended: it lies in the store, and the next run goes on with it.
    func leave(_ id: AsyncCallID) {
        // One whose end is decided is let go when that is kept.
        letGo(id) { !$0.state.isDecided }
    }

    private func letGo(_ id: AsyncCallID, if condition: (AsyncEntry) -> Bool = { _ in true }) {
        let left = state.withLock { state in
            state.calls[id].map(condition) == true ? state.remove(id) : nil
        }
        guard let entry = left else { return }
        for waiter in entry.waiters.values {
            waiter.timer?.cancel()
            waiter.continuation.resume(returning: entry.view)
        }
    }

    /// The questions of a call have changed.
    func tell(_ id: AsyncCallID) async {
        let entry = state.withLock { $0.calls[id] }
        guard let entry, !entry.state.isDecided else { return }
        // For lists only: after a crash a call that asks is one that was sent.
        if entry.isInserted { try? await store.update(entry.stored) }
        announce(id)
    }

    /// What its owner sees has changed, but it has not ended.
    private func announce(_ id: AsyncCallID) {
        typealias Told = (view: AsyncCallView, watchers: [AsyncWatcher], waiters: [AsyncEntry.Waiter])
        let told = state.withLock { state -> Told? in
            guard var entry = state.calls[id], !entry.state.isDecided else { return nil }
            var waiters: [AsyncEntry.Waiter] = []
            if entry.state.status == .inputRequired {
                for (number, waiter) in entry.waiters where waiter.wish != .end {
                    if waiter.wish == .endOrKeeping { entry.isKept = true }
                    waiters.append(waiter)
                    entry.waiters[number] = nil
                }
                state.calls[id] = entry
            }
            guard entry.isKept else { return nil }
            return (entry.view, state.watchers.values.filter { $0.owner == entry.owner }, waiters)
        }
        guard let told else { return }
        for waiter in told.waiters {
            waiter.timer?.cancel()
            waiter.continuation.resume(returning: told.view)
        }
        for watcher in told.watchers { watcher.body(told.view, false) }
    }

    /// Ends what has waited too long, and forgets what was kept long enough.
    func upkeep() async {
        let late = state.withLock { state -> [(AsyncCallID, AsyncEntry)] in
            let now = Instant.now
            var late: [(AsyncCallID, AsyncEntry)] = []
            for server in Array(state.lines.keys) {
                for sequence in state.lines[server]?.expire(now: now) ?? [] {
                    guard let id = state.waiting.removeValue(forKey: sequence), let entry = state.calls[id] else {
                        continue
                    }
                    late.append((id, entry))
                }
            }
            return late
        }
        for (id, entry) in late {
            guard let call = entry.call else { continue }
            await end(id, .ended(.failed), .error(self.late(call)))
        }
        if started.duration(to: .now) >= limits.expiryGrace { await store.expire(now: clock()) }
    }
}

extension CallReply {
    /// The same in memory of its own: what it came in may be much larger.
    fileprivate var compact: CallReply {
        guard let copy = try? WireMessage(ByteBuffer(bytes: message.buffer.readableBytesView), limits: .checkedBefore)
        else {
            return self
        }
        // As exact as it is kept: whoever asks twice gets the same.
        return CallReply(
            message: copy, server: server, tool: tool, duration: .microseconds(duration.wholeMicroseconds),
            correlationID: correlationID)
    }
}
