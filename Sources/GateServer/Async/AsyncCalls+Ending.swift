import GateBackend
import GateCore
import GateProtocol
import GateStore
import NIOCore
import Synchronization

/// How calls end: what is kept of it, who is told, and when it is forgotten.
extension AsyncCalls {
    /// An outcome that may be kept.
    func bound(_ outcome: AsyncOutcome) -> AsyncOutcome {
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
    func announce(_ id: AsyncCallID) {
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
