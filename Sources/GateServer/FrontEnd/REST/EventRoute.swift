import GateHTTP
import GateProtocol
import NIOCore
import NIOHTTP1

/// `GET /events`: a stream of server-sent events, or with `?format=json` what is kept at the moment.
struct EventRoute: Sendable {
    let services: any GatewayServices

    /// How often a stream without events shows that it is alive.
    private static let keepAlive = TimeAmount.seconds(15)
    private static let mostPolled = 1_000

    func answer(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        let after = try position(request)
        switch request.query["format"] {
        case "json"?: return try poll(request, after: after ?? 0)
        case nil, "sse"?: return try stream(request, after: after)
        case let other?:
            throw GateError(.badRequest, "`format` must be json or sse, not '\(other.prefix(32))'.", source: .caller)
        }
    }

    /// The number behind which to begin: what a client that comes back says it saw last, or what the query says.
    private func position(_ request: RESTRequest) throws(GateError) -> Int? {
        if let last = request.http.headers["Last-Event-ID"] {
            // What is no number is none of ours: everything is told.
            return Int(last).map { max(0, $0) } ?? 0
        }
        guard request.query["after"] != nil else { return nil }
        return try request.integer("after", default: 0, in: 0...Int(Int32.max))
    }

    private func poll(_ request: RESTRequest, after: Int) throws(GateError) -> RESTReply {
        let limit = try request.integer("limit", default: EventRoute.mostPolled, in: 1...EventRoute.mostPolled)
        let found = services.events.after(after, sees: request.visibility.sees)
        return RESTReply([
            "events": .array(found.events.suffix(limit).map(\.json)), "last": .init(found.last),
        ])
    }

    private func stream(_ request: RESTRequest, after: Int?) throws(GateError) -> RESTReply {
        let hub = services.events
        guard services.takesSessions, hub.listeners < EventHub.maxListeners else {
            throw GateError(.overloaded, "Too many event streams are open. Try again later.", retryAfter: 30)
        }
        let exchange = request.exchange
        let stream = exchange.startStream(
            status: .ok,
            headers: [
                "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
            ])
        // Sent at once, so that the client sees the answer's head.
        stream.write(ByteBuffer(string: "retry: 2000\n\n"))
        let visibility = request.visibility
        let listener = hub.listen(after: after, sees: { visibility.sees($0) }) { events in
            stream.write(EventRoute.text(events), elseEndWith: EventRoute.farewell("slow_consumer"))
        }
        guard let listener else {
            stream.finish(with: EventRoute.farewell("overloaded"))
            return RESTReply(parts: [])
        }
        let alive = exchange.eventLoop.scheduleRepeatedTask(
            initialDelay: EventRoute.keepAlive, delay: EventRoute.keepAlive
        ) { task in
            if !stream.isOpen {
                hub.remove(listener)
                task.cancel()
                return
            }
            stream.write(ByteBuffer(string: ": alive\n\n"), elseEndWith: EventRoute.farewell("slow_consumer"))
        }
        exchange.onClose { _ in
            hub.remove(listener)
            alive.cancel()
        }
        exchange.onShutdown {
            hub.remove(listener)
            alive.cancel()
            stream.finish(with: EventRoute.farewell("draining"))
        }
        // The answer is under way; this one is not sent.
        return RESTReply(parts: [])
    }

    private static func text(_ events: [GatewayEvent]) -> ByteBuffer {
        var out = ByteBuffer()
        for event in events {
            out.writeString("id: \(event.sequence)\nevent: \(event.kind.rawValue)\ndata: \(event.json.text)\n\n")
        }
        return out
    }

    /// Why the stream ends. Without an id: who comes back goes on where the last event was.
    private static func farewell(_ reason: String) -> ByteBuffer {
        ByteBuffer(string: "event: end\ndata: {\"reason\":\"\(reason)\"}\n\n")
    }
}
