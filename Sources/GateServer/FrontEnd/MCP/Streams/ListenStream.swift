import GateBackend
import GateCore
import GateHTTP
import GateProtocol
import NIOCore
import Synchronization

/// The stream of one `subscriptions/listen` (2026-07-28).
final class ListenStream: EventOutlet {
    private let stream: HTTPBodyStream
    /// The id of the request that opened it, as written: it names the subscription.
    private let id: ByteBuffer
    /// What has to wait for the acknowledgement, which is the first message; nil behind it.
    private let early = Mutex<[Notice]?>([])

    init(_ stream: HTTPBodyStream, id: ByteBuffer) {
        self.stream = stream
        self.id = id
    }

    /// The first message: what of the wish is granted.
    func acknowledge(_ granted: SubscriptionFilter) {
        var params = ByteBuffer(string: "\"notifications\":")
        params.writeBytes(granted.json.bytes)
        early.withLock { early in
            // Writing never waits; under the lock nothing overtakes.
            _ = write(Notice(method: MCPMethod.acknowledged, params: params))
            for notice in early ?? [] { _ = write(notice) }
            early = nil
        }
    }

    func notify(_ notice: Notice) -> Bool {
        early.withLock { early in
            guard early != nil else { return write(notice) }
            if early?.contains(notice) == false { early?.append(notice) }
            return stream.isOpen
        }
    }

    private func write(_ notice: Notice) -> Bool {
        stream.write(EventText.message([notice.tagged(id)]), elseEndWith: farewell(.slowConsumer))
    }

    func keepAlive(now: Instant) -> Bool {
        stream.write(MCPText.keepAlive, elseEndWith: farewell(.slowConsumer))
    }

    func end(_ reason: StreamEnd) { stream.finish(with: farewell(reason)) }

    /// The response, which ends the subscription.
    private func farewell(_ reason: StreamEnd) -> ByteBuffer {
        var out = RPCReply.opening(id)
        out.writeString("{\"resultType\":\"complete\",\"_meta\":{\"\(MCPMeta.subscriptionId)\":")
        out.writeImmutable(id)
        out.writeString(",\"stonegate/reason\":\"\(reason.rawValue)\"")
        out.writeString(",\"\(MCPMeta.serverInfo)\":\(MCPText.serverInfo)}}}")
        return EventText.message([out])
    }
}
