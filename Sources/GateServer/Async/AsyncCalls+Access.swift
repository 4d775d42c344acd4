import GateBackend
package import GateCore
package import GateProtocol
package import GateStore
import NIOCore
import Synchronization

/// What the owner of a call can do. For everybody else the call does not exist.
extension AsyncCalls {
    package enum Cancellation: Sendable {
        case cancelled(AsyncCallView)
        /// It had ended before.
        case tooLate(AsyncCallView)
    }

    /// - Parameter owners: the names by which whoever asks is known; one of them must be the owner's.
    package func view(_ id: AsyncCallID, for owners: [InstanceOwner]) async throws(GateError) -> AsyncCallView? {
        if let entry = state.withLock({ $0.calls[id] }), entry.isKept {
            return owners.contains(entry.owner) ? entry.view : nil
        }
        let found: StoredCall?
        do throws(StoreFailure) { found = try await store.find(id) } catch { throw AsyncCalls.unreadable(error) }
        guard let found, owners.contains(found.owner) else { return nil }
        return AsyncCallView(record: AsyncCallRecord(found))
    }

    private static func unreadable(_ failure: StoreFailure) -> GateError {
        GateError(.storageFailed, "The calls that are kept cannot be read: \(failure.reason).", retryAfter: 5)
    }

    /// Without outcomes. What a call is at this moment may be newer than what it was chosen by.
    package func list(_ query: CallQuery) async throws(GateError) -> [AsyncCallView] {
        let found: [StoredCall]
        do throws(StoreFailure) { found = try await store.list(query) } catch { throw AsyncCalls.unreadable(error) }
        return state.withLock { state in
            found.map { state.calls[$0.id]?.view ?? AsyncCallView(record: AsyncCallRecord($0)) }
        }
    }

    /// The outcome has been handed to its owner.
    package func collected(_ id: AsyncCallID) { arrive.yield(.collected(id)) }

    /// Waits until a call has ended.
    ///
    /// - Parameters:
    ///   - time: nil for as long as it takes.
    ///   - orQuestion: whether a question for the owner is worth returning for.
    /// - Returns: the call as it is then, also when the time was over or the task was cancelled; nil when there is none.
    package func wait(
        _ id: AsyncCallID, for owners: [InstanceOwner], upTo time: Duration? = nil, orQuestion: Bool = false
    ) async throws(GateError) -> AsyncCallView? {
        let number = nextNumber()
        let ended = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<AsyncCallView?, Never>) in
                let timer = time.map { schedule($0) { [weak self] in self?.release(id, number) } }
                let isWaiting = state.withLock { state -> Bool in
                    guard let entry = state.calls[id], owners.contains(entry.owner), entry.isKept,
                        entry.waiters.count < AsyncCalls.maxWaiters
                    else { return false }
                    if orQuestion, entry.state.status == .inputRequired { return false }
                    state.calls[id]?.waiters[number] = .init(
                        continuation: continuation, wish: orQuestion ? .endOrQuestion : .end, timer: timer)
                    return true
                }
                if !isWaiting {
                    timer?.cancel()
                    continuation.resume(returning: nil)
                } else if Task.isCancelled {
                    release(id, number)
                }
            }
        } onCancel: {
            release(id, number)
        }
        if let ended { return ended }
        return try await view(id, for: owners)
    }

    /// Carries a call out while its caller waits. When that takes longer than `time`, or the server asks something, the call
    /// becomes one that is kept: it goes on, and its owner can ask for it.
    ///
    /// Cancelling the task cancels the call, unless it is kept already.
    /// - Returns: the call with its outcome, or the call that goes on.
    /// - Throws: what ``submit(_:owner:lifetime:note:)`` throws.
    package func attempt(
        _ call: GatewayCall, owner: InstanceOwner, for time: Duration, note: AsyncCallNote = AsyncCallNote()
    ) async throws(GateError) -> AsyncCallView {
        let id = try admit(call, owner, nil, note, isKept: false).id
        let number = nextNumber()
        let view = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<AsyncCallView?, Never>) in
                let timer = schedule(time) { [weak self] in self?.release(id, number) }
                state.withLock {
                    $0.calls[id]?.waiters[number] = .init(
                        continuation: continuation, wish: .endOrKeeping, timer: timer)
                }
                // Its caller waits, as callers of other calls do: it need not stand in line behind those for whom nobody waits.
                arrive.yield(.call(id, place: nil))
                if Task.isCancelled { arrive.yield(.cancelled(id)) }
            }
        } onCancel: {
            arrive.yield(.cancelled(id))
        }
        guard let view else { throw AsyncCalls.draining }
        if view.status.end == nil { try await keepRunning(id) }
        return view
    }

    /// A call that was not meant to be kept is, from now on. It has been sent: a later run can only say so.
    private func keepRunning(_ id: AsyncCallID) async throws(GateError) {
        // If it has ended meanwhile, its end has been kept.
        guard let stored = state.withLock({ $0.calls[id]?.stored }) else { return }
        do throws(StoreFailure) {
            _ = try await store.insert(stored)
        } catch {
            var failure = GateError(error, stored.server)
            failure.sent = true
            failure.retryable = false
            failure.message = "The call goes on, but nobody can ask for it any more: \(error.reason)."
            throw failure
        }
        state.withLock { $0.calls[id]?.isInserted = true }
    }

    /// The caller of a call that is not kept does not wait any more.
    func giveUp(_ id: AsyncCallID) async {
        guard let entry = state.withLock({ $0.calls[id] }), !entry.isKept else { return }
        await end(id, .cancelled, .error(AsyncCalls.cancelled(entry)))
    }

    /// Ends a wait without an end of the call.
    private func release(_ id: AsyncCallID, _ number: UInt64) {
        let released = state.withLock { state -> (AsyncEntry.Waiter, AsyncCallView?)? in
            guard let entry = state.calls[id], let waiter = entry.waiters[number] else { return nil }
            if waiter.wish == .endOrKeeping {
                // The end is on its way.
                if entry.state.isDecided { return nil }
                state.calls[id]?.isKept = true
            }
            state.calls[id]?.waiters[number] = nil
            return (waiter, waiter.wish == .endOrKeeping ? entry.view : nil)
        }
        guard let (waiter, view) = released else { return }
        waiter.timer?.cancel()
        waiter.continuation.resume(returning: view)
    }

    /// Waits for one call at a time. One more returns at once.
    private static let maxWaiters = 1_024

    private func nextNumber() -> UInt64 {
        state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
    }

    private func schedule(_ time: Duration, _ body: @escaping @Sendable () -> Void) -> Scheduled<Void> {
        loop.scheduleTask(in: TimeAmount(max(.zero, time))) { body() }
    }

    /// Ends a call: its server is told, and what it still says is ignored.
    /// - Returns: nil when there is no such call.
    package func cancel(_ id: AsyncCallID, for owners: [InstanceOwner]) async throws(GateError) -> Cancellation? {
        if let entry = state.withLock({ $0.calls[id] }), owners.contains(entry.owner), entry.isKept {
            let isCancelled = await end(id, .cancelled, .error(AsyncCalls.cancelled(entry)))
            // It may be ending in another way at this very moment.
            guard let view = try await wait(id, for: owners, upTo: AsyncCalls.cancelTime) else { return nil }
            return isCancelled ? .cancelled(view) : .tooLate(view)
        }
        guard let view = try await view(id, for: owners) else { return nil }
        return .tooLate(view)
    }

    /// How long a cancellation waits for an end to be kept: a disk may not be able to.
    private static let cancelTime = Duration.seconds(10)

    private static func cancelled(_ entry: AsyncEntry) -> GateError {
        let wasSent = entry.state.status != .queued
        return GateError(
            .cancelled,
            wasSent
                ? "The caller cancelled the call. Server '\(entry.server)' was told; whether it took effect is unknown."
                : "The caller cancelled the call before it was sent to server '\(entry.server)'.", source: .caller,
            server: entry.server, tool: entry.tool, sent: wasSent)
    }

    /// The owner is gone for good: its calls are cancelled and forgotten, soon.
    package func ownerLeft(_ owner: InstanceOwner) { arrive.yield(.ownerLeft(owner)) }

    func end(_ owner: InstanceOwner) async {
        let entries = state.withLock { $0.calls.values.filter { $0.owner == owner } }
        for entry in entries { await end(entry.id, .cancelled, .error(AsyncCalls.cancelled(entry))) }
        await store.remove(owner)
    }

    /// Calls `body`, on any thread, with each change of the owner's calls that the owner can see, until the subscription ends.
    ///
    /// - Parameter body: gets the call, and whether nothing but its progress is new.
    package func watch(
        _ owner: InstanceOwner, wantsProgress: Bool = false, _ body: @escaping @Sendable (AsyncCallView, Bool) -> Void
    ) -> EventSubscription {
        let number = nextNumber()
        state.withLock {
            $0.watchers[number] = AsyncWatcher(owner: owner, wantsProgress: wantsProgress, body: body)
        }
        return EventSubscription { [weak self] in
            let gone = self?.state.withLock { $0.watchers.removeValue(forKey: number) }
            _ = gone
        }
    }

    /// Calls that have not ended.
    package var pending: Int { state.withLock { $0.calls.count } }
}
