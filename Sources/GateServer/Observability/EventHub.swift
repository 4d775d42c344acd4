import GateProtocol
import Synchronization

/// Where all that happens to servers is told: kept for those who come later, passed on to those who listen.
package final class EventHub: Sendable {
    /// Gets events in order; must only queue them.
    typealias Sink = @Sendable ([GatewayEvent]) -> Void

    private struct Listener: Sendable {
        let sees: @Sendable (GatewayEvent) -> Bool
        let sink: Sink
    }

    private struct State {
        var ring = EventRing()
        var listeners: [UInt64: Listener] = [:]
        var lastListener: UInt64 = 0
    }

    /// Listeners at one time; each is an open connection.
    static let maxListeners = 256

    private let state = Mutex(State())
    private let clock: @Sendable () -> Int

    /// - Parameter clock: wall time in milliseconds since 1970.
    package init(clock: @escaping @Sendable () -> Int = WallClock.milliseconds) { self.clock = clock }

    func publish(
        _ kind: GatewayEvent.Kind, server: String, from: String? = nil, to: String? = nil, reason: String
    ) {
        let event = GatewayEvent(
            sequence: 0, milliseconds: clock(), kind: kind, server: server, from: from, to: to, reason: reason)
        // Sinks only queue; told under the lock, everybody hears the same order.
        state.withLock { state in
            let event = state.ring.append(event)
            for listener in state.listeners.values where listener.sees(event) { listener.sink([event]) }
        }
    }

    /// What is kept of the events behind a number, and the number of the last event there was.
    func after(_ sequence: Int, sees: (GatewayEvent) -> Bool) -> (events: [GatewayEvent], last: Int) {
        let (events, last) = state.withLock { ($0.ring.after(sequence), $0.ring.last) }
        return (events.filter(sees), last)
    }

    /// Tells what is kept behind a number, and from then on all that happens, without a gap between.
    ///
    /// - Parameter sequence: nil begins with what happens next.
    /// - Returns: what ends it with ``remove(_:)``; nil when too many listen.
    func listen(
        after sequence: Int?, sees: @escaping @Sendable (GatewayEvent) -> Bool, _ sink: @escaping Sink
    ) -> UInt64? {
        state.withLock { state in
            guard state.listeners.count < EventHub.maxListeners else { return nil }
            if let sequence {
                let missed = state.ring.after(sequence).filter(sees)
                if !missed.isEmpty { sink(missed) }
            }
            state.lastListener += 1
            state.listeners[state.lastListener] = Listener(sees: sees, sink: sink)
            return state.lastListener
        }
    }

    func remove(_ listener: UInt64) {
        // What the sink holds may come back here when it goes.
        let gone = state.withLock { $0.listeners.removeValue(forKey: listener) }
        _ = gone
    }

    var listeners: Int { state.withLock { $0.listeners.count } }
}
