package import GateCore

/// Where asynchronous calls are kept. When a method that writes has returned, what it wrote lasts as long as the store does: over
/// a crash of the process and of the machine too, where the store is on a disk.
///
/// Writes of many callers are made durable together. Of one call they are carried out in the order in which they were begun.
package protocol CallStore: Sendable {
    /// Keeps a new call, unless its owner has one with the same key: of several that come at once, the first is kept.
    ///
    /// When the call itself is there already, this is ``update(_:)``: a call that becomes one that is kept while it ends is kept
    /// twice, in either order.
    /// - Returns: the call that was there under the key, without its request; nothing has been written then.
    /// - Throws: when it is not kept. After ``StoreFailure/full(_:)`` and ``StoreFailure/failed(_:)`` it never will be.
    func insert(_ call: StoredCall) async throws(StoreFailure) -> StoredCall?

    /// Keeps a later state of a call: `status`, `isRepeatable`, `revision`, `updatedAt`, `expiresAt`, `outcome`; at the end the
    /// request goes. A call that has ended is never changed, and an earlier revision never takes the place of a later one: both are
    /// ignored. So is a call that is not there.
    func update(_ call: StoredCall) async throws(StoreFailure)

    func find(_ id: AsyncCallID) async throws(StoreFailure) -> StoredCall?

    /// Without requests and outcomes.
    func list(_ query: CallQuery) async throws(StoreFailure) -> [StoredCall]

    /// All calls that have not ended, with their requests, in the order of their sequence; for the start.
    func unfinished() async throws(StoreFailure) -> [StoredCall]

    /// Ended calls whose ``StoredCall/callback`` has not been told, oldest first; for the start.
    func untold(limit: Int) async throws(StoreFailure) -> [AsyncCallID]

    /// Whoever was to be told of the end has been told, or is given up.
    func told(_ id: AsyncCallID) async

    /// The highest sequence number that was ever given; 0 for none.
    func lastSequence() async throws(StoreFailure) -> UInt64

    /// The result has been handed out.
    func collected(_ id: AsyncCallID) async

    /// Forgets an owner's calls.
    func remove(_ owner: InstanceOwner) async

    /// Forgets what nobody may read any more.
    /// - Parameter now: milliseconds since 1970.
    func expire(now: Int) async

    /// Why no new calls can be kept at present; nil when they can.
    var refusal: StoreFailure? { get }
}
