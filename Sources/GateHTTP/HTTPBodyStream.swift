import GateCore
package import NIOCore
import Synchronization

/// The body of a streamed response. Usable from any thread; writes never wait.
package final class HTTPBodyStream: Sendable {
    private struct State {
        var queue: StreamQueue
        /// What waits in the queue. What it has left is the connection's.
        var charge: MemoryCharge
    }

    private let state: Mutex<State>
    private let carrier: any HTTPCarrier
    private let exchange: HTTPExchange

    init(carrier: any HTTPCarrier, exchange: HTTPExchange) {
        self.carrier = carrier
        self.exchange = exchange
        let limits = carrier.shared.limits
        state = Mutex(
            State(
                queue: StreamQueue(maxMessages: limits.maxStreamMessages, maxBytes: limits.maxStreamBytes),
                charge: MemoryCharge(carrier.shared.budget)))
    }

    /// Whether writes are still taken.
    package var isOpen: Bool { state.withLock { $0.queue.isOpen } }

    /// Queues one message; an empty one is taken and sends nothing. Messages of one turn of the event loop leave together.
    /// - Returns: false when the stream has ended, or ends now because the client reads too slowly: the message does not fit
    ///   into `HTTPLimits.maxStreamMessages` and `maxStreamBytes`. The connection is then cut and `HTTPExchange.onClose` tells why.
    @discardableResult
    package func write(_ message: ByteBuffer) -> Bool { write(message, farewell: nil) }

    /// The same, but a message that does not fit ends the stream with `farewell` behind what waits already: the client learns
    /// why when it reads on.
    @discardableResult
    package func write(_ message: ByteBuffer, elseEndWith farewell: ByteBuffer) -> Bool {
        write(message, farewell: farewell)
    }

    /// The same for a message of any size; only their number is bounded. For answers that share a stream: they are in memory
    /// already, and a client that takes nothing of them is cut off all the same.
    @discardableResult
    package func write(large message: ByteBuffer) -> Bool { write(message, farewell: nil, isLarge: true) }

    private func write(_ message: ByteBuffer, farewell: ByteBuffer?, isLarge: Bool = false) -> Bool {
        switch change({ $0.append(message, farewell: farewell, isLarge: isLarge) }) {
        case .wait: return true
        case .drain:
            scheduleDrain()
            return true
        case .refuse: return false
        case .abort:
            carrier.shared.eventLoop.execute { self.carrier.abort(self.exchange, .slowConsumer) }
            return false
        }
    }

    /// Ends the body behind the messages queued so far. Further writes are refused.
    package func finish() {
        if change({ $0.finish() }) { scheduleDrain() }
    }

    /// Ends the body with one more message, which may be larger than what a stream may hold otherwise: a large result
    /// must not be lost because smaller messages came before it.
    package func finish(with last: ByteBuffer) {
        if change({ $0.finish(with: last) }) { scheduleDrain() }
    }

    private func scheduleDrain() {
        carrier.shared.eventLoop.execute { self.carrier.drain(self, of: self.exchange) }
    }

    /// The connection has closed or never took this stream.
    func end() {
        change { $0.end() }
    }

    /// The next message to hand to the socket.
    func next() -> StreamQueue.Next { change { $0.next() } }

    private func change<Result: Sendable>(_ body: (inout StreamQueue) -> Result) -> Result {
        state.withLock { state in
            defer { state.charge.set(state.queue.bytes) }
            return body(&state.queue)
        }
    }
}
