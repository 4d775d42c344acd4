import GateProtocol

/// The last events, in bounded number.
struct EventRing: Sendable {
    static let capacity = 1_000
    /// A reason may quote a server; no server fills the ring's memory with it.
    private static let longestReason = 500

    private var events: [GatewayEvent] = []
    /// Where the oldest is, once the ring is full.
    private var start = 0
    private(set) var last = 0

    /// Keeps an event under the next number.
    mutating func append(_ event: GatewayEvent) -> GatewayEvent {
        last += 1
        var event = event
        event.sequence = last
        if event.reason.utf8.count > EventRing.longestReason {
            event.reason = String(event.reason.prefix(EventRing.longestReason / 4)) + "…"
        }
        if events.count < EventRing.capacity {
            events.append(event)
        } else {
            events[start] = event
            start = (start + 1) % EventRing.capacity
        }
        return event
    }

    /// The events behind a number, oldest first. A number that was never given is one of an earlier run: everything follows it.
    func after(_ sequence: Int) -> [GatewayEvent] {
        let ordered = events[start...] + events[..<start]
        return sequence > last ? Array(ordered) : ordered.filter { $0.sequence > sequence }
    }
}
