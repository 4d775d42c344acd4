import GateHTTP
import GateProtocol
import NIOCore
import NIOHTTP1

/// The answer to a request that is a stream of server-sent events: begun at once, kept alive, ended in words when the gateway stops or
/// the client does not keep up.
struct RESTEventStream: Sendable {
    private let stream: HTTPBodyStream
    private let alive: RepeatedTask

    /// How often a stream without events shows that it is alive.
    private static let keepAlive = TimeAmount.seconds(15)

    /// - Parameter onEnd: called when nothing can be sent any more, perhaps more than once.
    init(_ exchange: HTTPExchange, onEnd: @escaping @Sendable () -> Void) {
        let stream = exchange.startStream(
            status: .ok,
            headers: [
                "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
            ])
        // Sent at once, so that the client sees the answer's head.
        stream.write(ByteBuffer(string: "retry: 2000\n\n"))
        let alive = exchange.eventLoop.scheduleRepeatedTask(
            initialDelay: RESTEventStream.keepAlive, delay: RESTEventStream.keepAlive
        ) { task in
            if !stream.isOpen {
                onEnd()
                task.cancel()
                return
            }
            stream.write(ByteBuffer(string: ": alive\n\n"), elseEndWith: RESTEventStream.farewell("slow_consumer"))
        }
        exchange.onClose { _ in
            onEnd()
            alive.cancel()
        }
        exchange.onShutdown {
            onEnd()
            alive.cancel()
            stream.finish(with: RESTEventStream.farewell("draining"))
        }
        self.stream = stream
        self.alive = alive
    }

    func send(_ events: ByteBuffer) {
        stream.write(events, elseEndWith: RESTEventStream.farewell("slow_consumer"))
    }

    /// - Parameter reason: nil when all has been said.
    func finish(_ reason: String? = nil) {
        alive.cancel()
        stream.finish(with: reason.map(RESTEventStream.farewell) ?? ByteBuffer())
    }

    /// Why the stream ends. Without an id: who comes back goes on where the last event was.
    private static func farewell(_ reason: String) -> ByteBuffer {
        ByteBuffer(string: "event: end\ndata: {\"reason\":\"\(reason)\"}\n\n")
    }
}
