import NIOCore

/// Ids of sessions that their clients ended, as many as fit; an older one would be accepted again.
struct EndedSessions {
    private var ids: Set<MCPSession.ID> = []
    private var order = CircularBuffer<MCPSession.ID>()
    private let limit: Int

    init(limit: Int) { self.limit = max(1, limit) }

    func contains(_ id: MCPSession.ID) -> Bool { !ids.isEmpty && ids.contains(id) }

    mutating func end(_ id: MCPSession.ID) {
        guard ids.insert(id).inserted else { return }
        order.append(id)
        if order.count > limit, let oldest = order.popFirst() { ids.remove(oldest) }
    }
}
