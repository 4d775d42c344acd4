import GateBackend
import GateHTTP
import GateProtocol
import NIOCore
import NIOHTTP1
import Synchronization

/// The answer to a call whose caller asked for progress: an event stream from the first notice on, plain JSON when the
/// result comes first.
final class ReplyStream: Sendable {
    private enum Phase {
        case waiting
        case streaming(HTTPBodyStream, keepAlive: UInt64?)
        case done
    }

    private struct State {
        var phase = Phase.waiting
        var last: Double?
    }

    private let state = Mutex(State())
    private let exchange: HTTPExchange
    /// The caller's token as written.
    private let token: ByteBuffer
    private let streams: NoticeStreams

    init(exchange: HTTPExchange, token: ByteBuffer, streams: NoticeStreams) {
        self.exchange = exchange
        self.token = token
        self.streams = streams
    }

    /// Passes one notice on; one that does not rise above the last, and one that comes after the result, is dropped.
    func progress(_ members: ByteBuffer) {
        guard let value = ReplyStream.value(members) else { return }
        var notice = ByteBuffer()
        notice.writeString("{\"jsonrpc\":\"2.0\",\"method\":\"\(MCPMethod.progress)\",\"params\":{\"progressToken\":")
        notice.writeImmutable(token)
        notice.writeStaticString(",")
        notice.writeImmutable(members)
        notice.writeStaticString("}}")
        let event = EventText.message([notice])
        // Starting and writing never wait; under the lock, the result cannot get between them.
        state.withLock { state in
            if let last = state.last, value <= last { return }
            switch state.phase {
            case .waiting:
                let stream = exchange.startStream(status: .ok, headers: MCPText.eventStreamHeaders)
                stream.write(event)
                state.phase = .streaming(stream, keepAlive: streams.add(.init(stream: stream, isAnswer: true)))
            case .streaming(let stream, _): stream.write(event)
            case .done: return
            }
            state.last = value
        }
    }

    /// Sends the response and ends the answer.
    func finish(_ reply: RPCReply) {
        let phase = state.withLock { state in
            defer { state.phase = .done }
            return state.phase
        }
        switch phase {
        case .waiting: exchange.send(status: reply.status, headers: MCPText.jsonHeaders, body: reply.parts)
        case .streaming(let stream, let keepAlive):
            if let keepAlive { streams.remove(keepAlive) }
            stream.finish(with: EventText.message(reply.parts))
        case .done: break
        }
    }

    /// The value of `progress` among the members of a notice.
    private static func value(_ members: ByteBuffer) -> Double? {
        var object = ByteBuffer(string: "{")
        object.writeImmutable(members)
        object.writeStaticString("}")
        guard let value = JSONMembers(object)?.number("progress").flatMap({ Double($0) }), value.isFinite else {
            return nil
        }
        return value
    }
}
