import GateCore
import GateHTTP
import NIOCore
import NIOHTTP1
import Synchronization

/// A client of the transport of 2024-11-05: one event stream for all that it is told, and POSTs to another address for all that it
/// says. Its session begins and ends with the stream.
final class EventStreamClient: EventOutlet {
    let id: MCPSession.ID
    /// What the address of the stream names.
    let scope: Visibility
    /// Lists of whose changes it is told.
    let kinds: CatalogKinds
    /// What the agent header of the stream's request says.
    let agent: String?
    private let stream: HTTPBodyStream
    private let state = Mutex<LiveSession?>(nil)

    init(id: MCPSession.ID, scope: Visibility, kinds: CatalogKinds, agent: String?, stream: HTTPBodyStream) {
        self.id = id
        self.scope = scope
        self.kinds = kinds
        self.agent = agent
        self.stream = stream
    }

    /// The session, from `initialize` on.
    var live: LiveSession? { state.withLock { $0 } }
    func begin(_ live: LiveSession) { state.withLock { $0 = live } }

    func send(_ parts: [ByteBuffer]) -> Bool { stream.write(large: EventText.message(parts)) }

    /// Before `initialize` there is nobody to be told.
    func notify(_ notice: Notice) -> Bool { live == nil ? stream.isOpen : send([notice.plain]) }
    func keepAlive(now: Instant) -> Bool { stream.write(MCPText.keepAlive) }
    func end(_ reason: StreamEnd) { stream.finish() }
}

/// Answers of such a session: all of them go on its stream.
final class EventStreamReplyChannel: ReplyChannel {
    private let client: EventStreamClient
    private let isDone = Atomic<Bool>(false)

    init(_ client: EventStreamClient) { self.client = client }

    @discardableResult
    func message(_ parts: [ByteBuffer]) -> Bool {
        !isDone.load(ordering: .acquiring) && client.send(parts)
    }

    func begin() {}

    func finish(_ reply: RPCReply) {
        guard !isDone.exchange(true, ordering: .acquiringAndReleasing) else { return }
        _ = client.send(reply.parts)
    }
}
