package import GateCore
import Synchronization

/// Keeps calls as long as the process lives: the twin of the stores on a disk, for tests.
package final class MemoryCallStore: CallStore {
    private struct Kept: Sendable {
        var call: StoredCall
        var isCollected = false
        var isTold = false
    }

    private struct OwnedKey: Hashable {
        let owner: InstanceOwner
        let key: ExactText
    }

    private struct State {
        var calls: [AsyncCallID: Kept] = [:]
        var keys: [OwnedKey: AsyncCallID] = [:]
        var bytes = 0
        var lastSequence: UInt64 = 0
        var failure: StoreFailure?
    }

    private let state = Mutex(State())
    private let maxBytes: Int

    /// - Parameter maxBytes: what outcomes may take.
    package init(maxBytes: Int) { self.maxBytes = maxBytes }

    package var count: Int { state.withLock { $0.calls.count } }
    package var bytes: Int { state.withLock { $0.bytes } }

    /// Lets every write fail from here on, as a disk may; nil ends it.
    package func fail(_ failure: StoreFailure?) { state.withLock { $0.failure = failure } }

    package var refusal: StoreFailure? {
        state.withLock { state in
            state.failure
                ?? (state.bytes >= maxBytes
                    ? .full("the results that are kept take \(state.bytes) bytes, all that they may") : nil)
        }
    }

    package func insert(_ call: StoredCall) throws(StoreFailure) -> StoredCall? {
        try state.withLock { state throws(StoreFailure) in
            if let failure = state.failure { throw failure }
            if state.calls[call.id] != nil {
                update(call, &state)
                return nil
            }
            if let key = call.key {
                let owned = OwnedKey(owner: call.owner, key: ExactText(key.text))
                if let id = state.keys[owned], var known = state.calls[id]?.call {
                    known.request = []
                    return known
                }
                state.keys[owned] = call.id
            }
            state.lastSequence = max(state.lastSequence, call.sequence)
            state.calls[call.id] = Kept(call: call)
            state.bytes += call.outcome?.count ?? 0
            makeRoom(&state)
            return nil
        }
    }

    package func update(_ call: StoredCall) throws(StoreFailure) {
        try state.withLock { state throws(StoreFailure) in
            if let failure = state.failure { throw failure }
            update(call, &state)
        }
    }

    private func update(_ call: StoredCall, _ state: inout State) {
        guard var known = state.calls[call.id]?.call, known.status.end == nil, known.revision < call.revision else {
            return
        }
        known.status = call.status
        known.isRepeatable = call.isRepeatable
        known.revision = call.revision
        known.updatedAt = call.updatedAt
        known.expiresAt = call.expiresAt
        if call.status.end != nil {
            known.request = []
            known.outcome = call.outcome
            state.bytes += call.outcome?.count ?? 0
        }
        state.calls[call.id]?.call = known
        makeRoom(&state)
    }

    package func find(_ id: AsyncCallID) -> StoredCall? { state.withLock { $0.calls[id]?.call } }

    package func list(_ query: CallQuery) -> [StoredCall] {
        let found = state.withLock { state in
            state.calls.values.map(\.call).filter { call in
                query.owners.contains(call.owner) && (query.statuses.isEmpty || query.statuses.contains(call.status))
                    && query.server.map { $0.sameBytes(as: call.server) } ?? true
            }
        }
        let ordered: [StoredCall]
        switch query.order {
        case .oldestFirst:
            ordered = found.filter { $0.sequence > query.past ?? 0 }.sorted { $0.sequence < $1.sequence }
        case .newestFirst:
            ordered = found.filter { $0.sequence < query.past ?? .max }.sorted { $0.sequence > $1.sequence }
        }
        return ordered.prefix(query.limit).map { call in
            var call = call
            call.request = []
            call.outcome = nil
            return call
        }
    }

    package func unfinished() -> [StoredCall] {
        state.withLock { $0.calls.values.map(\.call).filter { $0.status.end == nil } }
            .sorted { $0.sequence < $1.sequence }
    }

    package func untold(limit: Int) -> [AsyncCallID] {
        let kept = state.withLock { state in
            state.calls.values.filter { $0.call.callback != nil && !$0.isTold && $0.call.status.end != nil }
        }
        return kept.map(\.call).sorted { $0.updatedAt < $1.updatedAt }.prefix(limit).map(\.id)
    }

    package func told(_ id: AsyncCallID) { state.withLock { $0.calls[id]?.isTold = true } }

    package func lastSequence() -> UInt64 { state.withLock { $0.lastSequence } }

    package func collected(_ id: AsyncCallID) { state.withLock { $0.calls[id]?.isCollected = true } }

    package func remove(_ owner: InstanceOwner) {
        state.withLock { state in
            for call in state.calls.values.map(\.call) where call.owner == owner { remove(call, &state) }
        }
    }

    package func expire(now: Int) {
        state.withLock { state in
            for call in state.calls.values.map(\.call) where call.status.end != nil && call.expiresAt <= now {
                remove(call, &state)
            }
        }
    }

    private func remove(_ call: StoredCall, _ state: inout State) {
        state.calls[call.id] = nil
        if let key = call.key { state.keys[OwnedKey(owner: call.owner, key: ExactText(key.text))] = nil }
        state.bytes -= call.outcome?.count ?? 0
    }

    /// What was collected goes when there is no room for what was not.
    private func makeRoom(_ state: inout State) {
        guard state.bytes > maxBytes else { return }
        let collected = state.calls.values.filter { $0.isCollected && $0.call.outcome != nil }.map(\.call)
        for call in collected.sorted(by: { $0.updatedAt < $1.updatedAt }) where state.bytes > maxBytes {
            remove(call, &state)
        }
    }
}
