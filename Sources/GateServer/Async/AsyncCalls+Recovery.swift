import GateBackend
package import GateCore
import GateProtocol
import GateStore
import NIOCore
import Synchronization

/// Going on with what an earlier run of the gateway had accepted.
extension AsyncCalls {
    /// What a start found.
    package struct Recovered: Sendable, Equatable {
        /// Calls that are carried out now.
        package var queued = 0
        /// Calls that may have been carried out before and are not repeated.
        package var unknown = 0
        /// Calls whose request cannot be read.
        package var unreadable = 0
    }

    /// Takes in what has not ended: before the first request, so that whoever asks finds it.
    ///
    /// What was waiting, or may be repeated, is carried out. What was sent ends: whether it took effect is not known.
    package func recover() async throws(StoreFailure) -> Recovered {
        let last = try await store.lastSequence()
        let unfinished = try await store.unfinished()
        let now = clock()
        var found = Recovered()
        var begin: [AsyncCallID] = []
        state.withLock { state in
            state.lastSequence = max(state.lastSequence, last)
            for stored in unfinished {
                guard let entry = entry(stored, now, &found) else { continue }
                state.calls[stored.id] = entry
                state.perAgent[ExactText(stored.agent), default: 0] += 1
                begin.append(stored.id)
            }
        }
        for id in begin {
            if state.withLock({ $0.calls[id]?.call != nil }) { start(id) } else { arrive.yield(.orphaned(id)) }
        }
        return found
    }

    private func entry(_ stored: StoredCall, _ now: Int, _ found: inout Recovered) -> AsyncEntry? {
        let wasSent = stored.status != .queued && !stored.isRepeatable
        let request = KeptRequest(stored.request)
        switch (request, wasSent) {
        case (let request?, false):
            found.queued += 1
            return AsyncEntry(stored, request, isQueued: true, budget: budget, now: now)
        case (_, true): found.unknown += 1
        case (nil, false): found.unreadable += 1
        }
        let substitute = KeptRequest(
            call: GatewayCall(
                server: stored.server, .tool(stored.tool, arguments: nil),
                caller: Caller(agent: stored.agent, source: .rest)),
            note: request?.note ?? AsyncCallNote(), deadline: request?.deadline ?? stored.createdAt,
            keepTime: request?.keepTime ?? limits.resultTTL.wholeMilliseconds)
        return AsyncEntry(stored, substitute, isQueued: false, budget: budget, now: now)
    }

    /// Ends a call that an earlier run cannot be asked about.
    func endOrphan(_ id: AsyncCallID) async {
        guard let entry = state.withLock({ $0.calls[id] }) else { return }
        let isUnread = entry.state.revision == 0
        let error =
            isUnread
            ? GateError(
                .storageFailed,
                "The call was accepted, but what is kept of it cannot be read. It was not sent to server '\(entry.server)'.",
                server: entry.server, tool: entry.tool)
            : GateError(
                .outcomeUnknown,
                "stonegate ended while the call was under way to server '\(entry.server)'. Whether it took effect is unknown; it was "
                    + "not repeated, because the tool is not declared safe to repeat. Look at what it did before calling it again.",
                server: entry.server, tool: entry.tool, sent: true)
        await end(id, .ended(isUnread ? .failed : .outcomeUnknown), .error(error))
    }
}
