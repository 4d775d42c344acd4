import NIOCore

/// The calls of legacy sessions that can be cancelled by a notice: only by the session that made them, under the same
/// bytes of the id.
struct CallTable {
    struct Key: Hashable {
        let session: MCPSession.ID
        let request: ByteBuffer
    }

    private var calls: [Key: CallCanceller] = [:]

    mutating func add(_ call: CallCanceller, _ key: Key) { calls[key] = call }

    /// Forgets the call, unless a later one has taken its place.
    mutating func remove(_ call: CallCanceller, _ key: Key) {
        if calls[key] === call { calls[key] = nil }
    }

    func find(_ key: Key) -> CallCanceller? { calls[key] }

    var count: Int { calls.count }
}
