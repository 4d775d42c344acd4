import GateCore
import GateStore
import GateTestKit
import Synchronization

/// A store whose writes fail as a test says, and that notes who was told.
final class FailingCallStore: CallStore {
    private let store = MemoryCallStore(maxBytes: .max)
    let tellings = Journal<AsyncCallID>(name: "told")
    private let rule: Mutex<@Sendable (StoredCall) -> StoreFailure?>

    init(_ rule: @escaping @Sendable (StoredCall) -> StoreFailure? = { _ in nil }) { self.rule = Mutex(rule) }

    func heal() { rule.withLock { $0 = { _ in nil } } }

    private func check(_ call: StoredCall) throws(StoreFailure) {
        if let failure = rule.withLock({ $0 })(call) { throw failure }
    }

    var refusal: StoreFailure? { nil }

    func insert(_ call: StoredCall) throws(StoreFailure) -> StoredCall? {
        try check(call)
        return try store.insert(call)
    }

    func update(_ call: StoredCall) throws(StoreFailure) {
        try check(call)
        try store.update(call)
    }

    func find(_ id: AsyncCallID) -> StoredCall? { store.find(id) }
    func list(_ query: CallQuery) -> [StoredCall] { store.list(query) }
    func unfinished() -> [StoredCall] { store.unfinished() }
    func untold(limit: Int) -> [AsyncCallID] { store.untold(limit: limit) }
    func told(_ id: AsyncCallID) {
        store.told(id)
        tellings.append(id)
    }

    func lastSequence() -> UInt64 { store.lastSequence() }
    func collected(_ id: AsyncCallID) { store.collected(id) }
    func remove(_ owner: InstanceOwner) { store.remove(owner) }
    func expire(now: Int) { store.expire(now: now) }
}
