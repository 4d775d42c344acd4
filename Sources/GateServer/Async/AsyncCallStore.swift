package import GateCore
package import GateProtocol

/// Where asynchronous calls are kept. What ``save(_:)`` has returned for lasts as long as the store does.
package protocol AsyncCallStore: Sendable {
    /// Keeps a record in place of an earlier one. A record that has ended is never replaced, and an earlier state never takes the
    /// place of a later one, in whatever order they come.
    func save(_ record: AsyncCallRecord) async throws(GateError)

    func find(_ id: AsyncCallID) async throws(GateError) -> AsyncCallRecord?

    /// The records of an owner behind a sequence number, oldest first.
    func list(_ owner: InstanceOwner, after sequence: UInt64, limit: Int) async throws(GateError) -> [AsyncCallRecord]

    /// The result has been handed out: when room is needed, it goes before those that nobody has seen.
    func collected(_ id: AsyncCallID) async

    func remove(_ owner: InstanceOwner) async

    /// Forgets what nobody may read any more.
    /// - Parameter now: milliseconds since 1970.
    func expire(now: Int) async

    /// Whether there is room for the results of more calls.
    var hasRoom: Bool { get }
}
