import GateHTTP
import GateProtocol
import NIOCore
import NIOHTTP1

/// `GET /events`: a stream of server-sent events, or with `?format=json` what is kept at the moment.
struct EventRoute: Sendable {
    let services: any GatewayServices

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
        let found = services.events.after(after, sees: request.visibility.sees(_:))
        return RESTReply([
            "events": .array(found.events.suffix(limit).map(\.json)), "last": .init(found.last),
        ])
    }

    private func stream(_ request: RESTRequest, after: Int?) throws(GateError) -> RESTReply {
        let hub = services.events
        guard services.takesSessions, hub.listeners < EventHub.maxListeners else {
            throw GateError(.overloaded, "Too many event streams are open. Try again later.", retryAfter: 30)
        }
        let visibility = request.visibility
        let ending = Ending()
        let stream = RESTEventStream(request.exchange) { ending.over() }
        let listener = hub.listen(after: after, sees: { visibility.sees($0) }) { stream.send(EventRoute.text($0)) }
        guard let listener else {
            stream.finish("overloaded")
            return RESTReply(parts: [])
        }
        ending.whenOver { hub.remove(listener) }
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
}

extension Visibility {
    /// Tools that are hidden from an agent are in no event that it gets.
    fileprivate func sees(_ event: GatewayEvent) -> Bool {
        sees(event.server) && (event.kind != .integrity || access == nil)
    }
}
