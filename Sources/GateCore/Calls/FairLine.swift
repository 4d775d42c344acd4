/// Waiting calls, one lane a principal, served one from each lane in turn.
///
/// Nodes lie in an array and are linked by index; freed ones are used again. Every operation but the two over all
/// calls takes constant time.
struct FairLine: Sendable {
    struct Waiter: Sendable {
        let id: UInt64
        let deadline: Instant
        let since: Instant
    }

    private struct Node: Sendable {
        var waiter: Waiter
        var lane: Int
        var previous: Int?
        var next: Int?
    }

    /// A principal's calls. Lanes that hold any form a ring in serving order.
    private struct Lane: Sendable {
        var principal: ExactText
        var first: Int
        var last: Int
        var previous: Int
        var next: Int
    }

    private var nodes: [Node?] = []
    private var freeNodes: [Int] = []
    private var lanes: [Lane?] = []
    private var freeLanes: [Int] = []
    private var nodeByID: [UInt64: Int] = [:]
    private var laneByPrincipal: [ExactText: Int] = [:]
    /// The lane that is served next.
    private var turn: Int?

    var count: Int { nodeByID.count }
    var isEmpty: Bool { nodeByID.isEmpty }

    /// The earliest deadline of all. Looks at every call.
    var earliestDeadline: Instant? {
        nodes.lazy.compactMap { $0?.waiter.deadline }.min()
    }

    /// The calls whose deadline fulfils a condition. Looks at every call.
    func ids(where condition: (Instant) -> Bool) -> [UInt64] {
        nodes.compactMap { node in
            guard let waiter = node?.waiter, condition(waiter.deadline) else { return nil }
            return waiter.id
        }
    }

    /// False when a call with this id waits already.
    mutating func append(id: UInt64, principal: ExactText, deadline: Instant, now: Instant) -> Bool {
        guard nodeByID[id] == nil else { return false }
        let waiter = Waiter(id: id, deadline: deadline, since: now)
        let index = freeNodes.popLast() ?? nodes.count
        if index == nodes.count { nodes.append(nil) }
        nodeByID[id] = index
        if let lane = laneByPrincipal[principal], let last = lanes[lane]?.last {
            nodes[index] = Node(waiter: waiter, lane: lane, previous: last, next: nil)
            nodes[last]?.next = index
            lanes[lane]?.last = index
        } else {
            let lane = openLane(principal, node: index)
            nodes[index] = Node(waiter: waiter, lane: lane, previous: nil, next: nil)
        }
        return true
    }

    /// Takes out the first call of the lane whose turn it is.
    mutating func popFirst() -> Waiter? {
        guard let turn, let lane = lanes[turn], let node = nodes[lane.first] else { return nil }
        self.turn = lane.next
        return remove(id: node.waiter.id)
    }

    @discardableResult
    mutating func remove(id: UInt64) -> Waiter? {
        guard let index = nodeByID.removeValue(forKey: id), let node = nodes[index] else { return nil }
        nodes[index] = nil
        freeNodes.append(index)
        if let previous = node.previous { nodes[previous]?.next = node.next }
        if let next = node.next { nodes[next]?.previous = node.previous }
        switch (node.previous, node.next) {
        case (nil, nil): closeLane(node.lane)
        case (nil, let next?): lanes[node.lane]?.first = next
        case (let previous?, nil): lanes[node.lane]?.last = previous
        default: break
        }
        return node.waiter
    }

    /// A new lane is served last in the present round.
    private mutating func openLane(_ principal: ExactText, node: Int) -> Int {
        let index = freeLanes.popLast() ?? lanes.count
        if index == lanes.count { lanes.append(nil) }
        let next = turn ?? index
        let previous = turn.flatMap { lanes[$0]?.previous } ?? index
        lanes[index] = Lane(principal: principal, first: node, last: node, previous: previous, next: next)
        lanes[next]?.previous = index
        lanes[previous]?.next = index
        laneByPrincipal[principal] = index
        if turn == nil { turn = index }
        return index
    }

    private mutating func closeLane(_ index: Int) {
        guard let lane = lanes[index] else { return }
        lanes[index] = nil
        freeLanes.append(index)
        laneByPrincipal[lane.principal] = nil
        if lane.next == index {
            turn = nil
            return
        }
        lanes[lane.previous]?.next = lane.next
        lanes[lane.next]?.previous = lane.previous
        if turn == index { turn = lane.next }
    }
}
