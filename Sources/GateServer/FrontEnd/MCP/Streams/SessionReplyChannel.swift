import GateHTTP
import NIOCore
import NIOHTTP1
import Synchronization

/// The answer to a POST of a legacy session: plain JSON when the response comes first, a stream that outlives its connection from
/// the first message ahead of it on.
final class SessionReplyChannel: ReplyChannel {
    private enum Phase {
        case waiting
        case streaming(SessionStream)
        case done
    }

    private let phase = Mutex(Phase.waiting)
    private let exchange: HTTPExchange
    private let open: @Sendable () -> SessionStream?

    /// - Parameter open: begins the stream; nil when there can be none.
    init(exchange: HTTPExchange, open: @escaping @Sendable () -> SessionStream?) {
        self.exchange = exchange
        self.open = open
    }

    @discardableResult
    func message(_ parts: [ByteBuffer]) -> Bool {
        // Starting and writing never wait; under the lock, the response cannot get between them.
        phase.withLock { phase in
            switch phase {
            case .waiting:
                guard let stream = open() else { return false }
                phase = .streaming(stream)
                return stream.send(parts)
            case .streaming(let stream): return stream.send(parts)
            case .done: return false
            }
        }
    }

    func begin() {
        phase.withLock { phase in
            guard case .waiting = phase, let stream = open() else { return }
            phase = .streaming(stream)
        }
    }

    func finish(_ reply: RPCReply) {
        let last = phase.withLock { phase in
            defer { phase = .done }
            return phase
        }
        switch last {
        case .waiting: exchange.send(status: reply.status, headers: MCPText.jsonHeaders, body: reply.parts)
        case .streaming(let stream): stream.finish(reply)
        case .done: break
        }
    }
}
