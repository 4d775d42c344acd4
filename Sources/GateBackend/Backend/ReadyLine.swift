import GateProtocol

/// Calls that wait for their backend to be ready, in bounded number.
struct ReadyLine: Sendable {
    typealias Waiter = CheckedContinuation<Result<BackendConnection, GateError>, Never>

    static let capacity = 256

    private var waiters: [UInt64: Waiter] = [:]
    private var nextID: UInt64 = 0

    var count: Int { waiters.count }

    mutating func makeID() -> UInt64 {
        nextID &+= 1
        return nextID
    }

    mutating func insert(_ waiter: Waiter, id: UInt64) { waiters[id] = waiter }

    mutating func remove(_ id: UInt64) -> Waiter? { waiters.removeValue(forKey: id) }

    mutating func removeAll() -> [Waiter] {
        defer { waiters.removeAll() }
        return Array(waiters.values)
    }
}
