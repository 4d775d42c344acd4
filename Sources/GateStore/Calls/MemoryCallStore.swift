package import GateCore
import GateProtocol
import Synchronization

/// Keeps asynchronous calls as long as the process lives.
///
/// Results are charged to the process's memory. When they take more than their share, those go first that were collected, then the
/// oldest; the record stays and says what has become of its result.
package final class MemoryCallStore: AsyncCallStore {
    private struct Kept: Sendable {
        var record: AsyncCallRecord
        var charge: MemoryCharge
        var isCollected = false
    }

    private struct State {
        var records: [AsyncCallID: Kept] = [:]
        /// The ids of an owner in the order of their sequence.
        var owners: [InstanceOwner: [AsyncCallID]] = [:]
        /// Ended calls, oldest end first.
        var ended: [AsyncCallID] = []
        var bytes = 0
    }

    private let state = Mutex(State())
    private let budget: MemoryBudget
    private let maxRecords: Int
    private let maxBytes: Int

    /// - Parameters:
    ///   - maxRecords: ended calls that are kept.
    ///   - maxBytes: what their results may take.
    package init(budget: MemoryBudget, maxRecords: Int, maxBytes: Int) {
        self.budget = budget
        self.maxRecords = maxRecords
        self.maxBytes = maxBytes
    }

    package var count: Int { state.withLock { $0.records.count } }
    package var bytes: Int { state.withLock { $0.bytes } }
    package var hasRoom: Bool { bytes < maxBytes }

    package func save(_ record: AsyncCallRecord) {
        state.withLock { state in
            if let known = state.records[record.id] {
                guard known.record.status.end == nil, record.revision > known.record.revision else { return }
                state.records[record.id]?.record = record
            } else {
                state.records[record.id] = Kept(record: record, charge: MemoryCharge(budget))
                add(record, &state)
            }
            guard record.status.end != nil else { return }
            state.ended.append(record.id)
            charge(record.id, record.outcome?.size ?? 0, &state)
            makeRoom(&state)
        }
    }

    /// Calls of one owner are nearly always saved in their order.
    private func add(_ record: AsyncCallRecord, _ state: inout State) {
        let ids = state.owners[record.owner] ?? []
        let place = ids.lastIndex { (state.records[$0]?.record.sequence ?? 0) < record.sequence }.map { $0 + 1 } ?? 0
        state.owners[record.owner, default: []].insert(record.id, at: place)
    }

    package func find(_ id: AsyncCallID) -> AsyncCallRecord? { state.withLock { $0.records[id]?.record } }

    package func list(_ owner: InstanceOwner, after sequence: UInt64, limit: Int) -> [AsyncCallRecord] {
        state.withLock { state in
            var found: [AsyncCallRecord] = []
            for id in state.owners[owner] ?? [] where found.count < limit {
                if let record = state.records[id]?.record, record.sequence > sequence { found.append(record) }
            }
            return found
        }
    }

    package func collected(_ id: AsyncCallID) { state.withLock { $0.records[id]?.isCollected = true } }

    package func remove(_ owner: InstanceOwner) {
        state.withLock { state in remove(Set(state.owners[owner] ?? []), &state) }
    }

    package func expire(now: Int) {
        state.withLock { state in
            remove(Set(state.ended.filter { state.records[$0].map { $0.record.expiresAt <= now } ?? false }), &state)
        }
    }

    // MARK: Bounds

    private func charge(_ id: AsyncCallID, _ bytes: Int, _ state: inout State) {
        guard let before = state.records[id]?.charge.bytes else { return }
        state.bytes += bytes - before
        state.records[id]?.charge.set(bytes)
    }

    private func remove(_ ids: Set<AsyncCallID>, _ state: inout State) {
        guard !ids.isEmpty else { return }
        var owners: Set<InstanceOwner> = []
        for id in ids {
            charge(id, 0, &state)
            if let gone = state.records.removeValue(forKey: id)?.record { owners.insert(gone.owner) }
        }
        state.ended.removeAll(where: ids.contains)
        for owner in owners {
            state.owners[owner]?.removeAll(where: ids.contains)
            if state.owners[owner]?.isEmpty == true { state.owners[owner] = nil }
        }
    }

    private func makeRoom(_ state: inout State) {
        while state.ended.count > maxRecords {
            guard let id = state.ended.first(where: { state.records[$0]?.isCollected == true }) ?? state.ended.first
            else { return }
            remove([id], &state)
        }
        guard state.bytes > maxBytes else { return }
        let oldestFirst = state.ended
        for mayBeUnseen in [false, true] {
            for id in oldestFirst where state.bytes > maxBytes {
                guard let kept = state.records[id], kept.charge.bytes > 0, mayBeUnseen || kept.isCollected else {
                    continue
                }
                giveUp(id, kept.record, &state)
            }
        }
    }

    private func giveUp(_ id: AsyncCallID, _ record: AsyncCallRecord, _ state: inout State) {
        charge(id, 0, &state)
        state.records[id]?.record.outcome = .error(
            GateError(
                .overloaded,
                "The call has ended (\(record.status.rawValue)), but its result is not kept any more: the results of "
                    + "asynchronous calls take more memory than their share of limits.buffered_bytes. Collect results soon.",
                server: record.server, tool: record.tool, sent: true))
    }
}
