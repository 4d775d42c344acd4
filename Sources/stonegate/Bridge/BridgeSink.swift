import GateCurl
import Synchronization

/// Turns one HTTP response into events of the bridge.
final class BridgeSink: CurlSink {
    private enum Form {
        case whole([UInt8])
        case events(EventStreamParser)
    }

    private struct State {
        var form = Form.whole([])
        /// Handed on, but not yet taken by the bridge.
        var backlog = 0
        var isPaused = false
    }

    /// With more than this on its way to stdout the gateway has to wait.
    private static let largestBacklog = 4 << 20
    private static let largestMessage = 64 << 20

    private let id: Bridge.ExchangeID
    private let emit: @Sendable (Bridge.Event) -> Void
    private let state = Mutex(State())

    init(_ id: Bridge.ExchangeID, emit: @escaping @Sendable (Bridge.Event) -> Void) {
        self.id = id
        self.emit = emit
    }

    func head(_ head: CurlResponseHead) {
        let type = head.value("Content-Type")?.lowercased() ?? ""
        if type.hasPrefix("text/event-stream") { state.withLock { $0.form = .events(EventStreamParser()) } }
        emit(.head(id, BridgeHead(status: head.status, sessionID: head.value("Mcp-Session-Id"))))
    }

    func body(_ bytes: UnsafeRawBufferPointer) -> CurlFlow {
        let (events, isPaused) = state.withLock { state -> ([EventStreamParser.Event], Bool) in
            switch state.form {
            case .whole(var body):
                state.form = .whole([])
                if body.count <= Self.largestMessage { body.append(contentsOf: bytes) }
                state.form = .whole(body)
                return ([], false)
            case .events(var parser):
                state.form = .whole([])
                var events = parser.add(bytes)
                if parser.heldBytes > Self.largestMessage {
                    parser = EventStreamParser()
                    events = []
                }
                state.form = .events(parser)
                state.backlog += events.reduce(0) { $0 + $1.data.count }
                state.isPaused = state.backlog > Self.largestBacklog
                return (events, state.isPaused)
            }
        }
        for event in events {
            if let place = event.id { emit(.place(id, place)) }
            if !event.data.isEmpty { emit(.body(id, event.data)) }
        }
        return isPaused ? .pause : .proceed
    }

    func finished(_ error: CurlError?) {
        let body = state.withLock { state -> [UInt8]? in
            if case .whole(let body) = state.form, !body.isEmpty, body.count <= Self.largestMessage {
                body
            } else {
                nil
            }
        }
        if error == nil, let body { emit(.body(id, body)) }
        emit(.finished(id, error.map { BridgeFailure(message: $0.message, sent: $0.sent) }))
    }

    /// Tells that the bridge has taken a message.
    ///
    /// - Returns: whether the transfer may go on now.
    func taken(_ count: Int) -> Bool {
        state.withLock { state in
            state.backlog -= count
            guard state.isPaused, state.backlog <= Self.largestBacklog / 2 else { return false }
            state.isPaused = false
            return true
        }
    }
}
