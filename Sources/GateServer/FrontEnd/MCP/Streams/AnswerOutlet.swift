import GateCore
import GateHTTP

/// The event stream that answers one request and nobody comes back for: it is only kept alive.
final class AnswerOutlet: EventOutlet {
    private let stream: HTTPBodyStream

    init(_ stream: HTTPBodyStream) { self.stream = stream }

    func notify(_ notice: Notice) -> Bool { stream.isOpen }
    func keepAlive(now: Instant) -> Bool { stream.write(MCPText.keepAlive) }
    /// It ends with its answer.
    func end(_ reason: StreamEnd) {}
}
