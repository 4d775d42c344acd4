import GateHTTP
import NIOCore
import NIOHTTP1
import Synchronization

/// The answer to a POST: plain JSON when the response comes first, an event stream from the first message ahead of it on.
final class HTTPReplyChannel: ReplyChannel {
    private enum Phase {
        case waiting
        case streaming(HTTPBodyStream, keepAlive: UInt64?)
        case done
    }

    private let phase = Mutex(Phase.waiting)
    private let exchange: HTTPExchange
    /// Where the stream is kept alive; nil for a client that takes no event streams.
    private let streams: NoticeStreams?

    init(exchange: HTTPExchange, streams: NoticeStreams?) {
        self.exchange = exchange
        self.streams = streams
    }

    @discardableResult
    func message(_ parts: [ByteBuffer]) -> Bool {
        guard let streams else { return false }
        let event = EventText.message(parts)
        // Starting and writing never wait; under the lock, the response cannot get between them.
        return phase.withLock { phase in
            switch phase {
            case .waiting:
                let stream = exchange.startStream(status: .ok, headers: MCPText.eventStreamHeaders)
                phase = .streaming(stream, keepAlive: streams.add(.init(outlet: AnswerOutlet(stream), isAnswer: true)))
                return stream.write(event)
            case .streaming(let stream, _): return stream.write(event)
            case .done: return false
            }
        }
    }

    func begin() {
        guard let streams else { return }
        phase.withLock { phase in
            guard case .waiting = phase else { return }
            let stream = exchange.startStream(status: .ok, headers: MCPText.eventStreamHeaders)
            phase = .streaming(stream, keepAlive: streams.add(.init(outlet: AnswerOutlet(stream), isAnswer: true)))
        }
    }

    func finish(_ reply: RPCReply) {
        let last = phase.withLock { phase in
            defer { phase = .done }
            return phase
        }
        switch last {
        case .waiting: exchange.send(status: reply.status, headers: MCPText.jsonHeaders, body: reply.parts)
        case .streaming(let stream, let keepAlive):
            if let keepAlive { streams?.remove(keepAlive) }
            stream.finish(with: EventText.message(reply.parts))
        case .done: break
        }
    }
}
