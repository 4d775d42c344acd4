import GateBackend
import GateCore
import GateProtocol
import NIOCore
import Synchronization

/// Carrying calls out, and ending them.
extension AsyncCalls {
    /// - Parameter place: the server at which the call has one of the places for asynchronous calls.
    func execute(_ id: AsyncCallID, _ place: ExactText?, _ perform: @escaping Perform) async {
        let begun = state.withLock { state -> (call: GatewayCall, entry: AsyncEntry)? in
            guard var entry = state.calls[id], let call = entry.call,
                entry.state.event(.began, now: clock()) == .tell
            else { return nil }
            entry.call = nil
            state.calls[id] = entry
            return (call, entry)
        }
        if let begun {
            // That it may have been sent is known before it can be.
            await tell(id)
            let outcome = await begun.entry.canceller.run { await work(id, begun.call, perform) }
            let kept = bound(outcome)
            await end(id, .ended(kept.end), kept)
        }
        // Also for a call that was cancelled on its way here.
        guard let place, let next = state.withLock({ $0.leave(place, now: .now) }) else { return }
        arrive.yield(.call(next, place: place))
    }

    private func work(_ id: AsyncCallID, _ given: GatewayCall, _ perform: @escaping Perform) async -> AsyncOutcome {
        var call = given
        call.isAsync = true
        call.listener = listener(id, given.listener)
        var rounds = 0
        while true {
            guard let deadline = state.withLock({ $0.calls[id]?.deadline }) else { return .error(cancelled(call)) }
            let now = Instant.now
            guard now < deadline else { return .error(late(call)) }
            call.timeout = now.duration(to: deadline)
            do throws(GateError) {
                let reply = try await perform(call)
                // Whoever waits for the answer itself goes on with it.
                guard InterimResult.matches(reply), isKept(id) else { return .reply(reply) }
                rounds += 1
                guard rounds <= AsyncCalls.maxRounds else {
                    throw InterimResult.broken(reply, "it asked for input more than \(AsyncCalls.maxRounds) times")
                }
                let capabilities = given.listener?.capabilities ?? []
                call.round = try await round(id, InterimResult(reply), capabilities, until: deadline)
            } catch {
                if Task.isCancelled, isClosed { return .error(AsyncCalls.stopped(error, call)) }
                guard error.code == .overloaded, !error.sent, isKept(id), !Task.isCancelled else {
                    return .error(error)
                }
                // It was accepted: a server that is busy at the moment is no reason to give it up.
                let pause = TimeAmount.seconds(Int64(max(1, min(error.retryAfter ?? 1, 30))))
                guard now.advanced(by: .nanoseconds(pause.nanoseconds)) < deadline, await rest(pause) else {
                    return .error(error)
                }
            }
        }
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

    private func late(_ call: GatewayCall) -> GateError {
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
            case .nothing, .tell, .publish: return nil
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
        var record = decided.entry.record
        record.status = decided.end.status
        record.revision += 1
        record.updatedAt = max(record.updatedAt, clock())
        record.expiresAt = record.updatedAt + decided.entry.keepTime.wholeMilliseconds
        record.outcome = outcome
        var isKept = true
        if decided.entry.isKept {
            do throws(GateError) {
                try await store.save(record)
            } catch {
                isKept = false
            }
        }
        publish(id, record, isKept: isKept)
        return true
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
    }

    /// What its owner sees has changed, but it has not ended.
    func tell(_ id: AsyncCallID) async {
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
        // A store that cannot take this note will not take the end either, which is when it matters.
        try? await store.save(told.view.record)
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
        await store.expire(now: clock())
    }
}

extension CallReply {
    /// The same in memory of its own: what it came in may be much larger.
    fileprivate var compact: CallReply {
        guard let copy = try? WireMessage(ByteBuffer(bytes: message.buffer.readableBytesView), limits: .own) else {
            return self
        }
        return CallReply(message: copy, server: server, tool: tool, duration: duration, correlationID: correlationID)
    }
}

extension JSONLimits {
    /// For what has been scanned before, by the limits of its connection.
    fileprivate static var own: JSONLimits { JSONLimits(nodes: .max, members: .max) }
}
