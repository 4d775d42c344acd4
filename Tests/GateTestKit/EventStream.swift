import Dispatch
import Synchronization

/// A reply that streams server-sent events, read in the background.
package final class EventStream: Sendable {
    package let head: HTTPReply
    package let events: Journal<ServerSentEvent>
    private let isClosed: Mutex<Bool>
    private let hangUp: @Sendable () -> Void
    private let position = Mutex(0)

    private init(head: HTTPReply, events: Journal<ServerSentEvent>, hangUp: @escaping @Sendable () -> Void) {
        self.head = head
        self.events = events
        self.hangUp = hangUp
        isClosed = Mutex(false)
    }

    deinit { close() }

    /// Sends the request and returns when the head of the reply is there.
    /// - Parameter time: how long the whole stream may last.
    package static func open(
        _ method: String, port: UInt16, _ path: String, headers: [String: String] = [:], body: [UInt8]? = nil,
        within time: Duration = .seconds(60)
    ) async throws -> EventStream {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "blocking").async { read(method, port, path, headers, body, time, continuation) }
        }
    }

    private static func read(
        _ method: String, _ port: UInt16, _ path: String, _ headers: [String: String], _ body: [UInt8]?,
        _ time: Duration, _ continuation: CheckedContinuation<EventStream, any Error>
    ) {
        let events = Journal<ServerSentEvent>(name: "events of \(path)")
        defer { events.end() }
        do {
            let connection = try HTTPConnection(port: port, within: time)
            let usual = ["Accept": "text/event-stream"]
            let head: HTTPReply
            do {
                try connection.send(method, path, usual.merging(headers) { _, given in given }, body)
                head = try connection.head(of: method)
            } catch {
                continuation.resume(throwing: error)
                return
            }
            let stop = connection.raw.breaker
            continuation.resume(returning: EventStream(head: head, events: events, hangUp: stop))
            while let event = try? connection.nextEvent() { events.append(event) }
        } catch {
            continuation.resume(throwing: error)
        }
    }

    /// The next event with data that was not yet taken: those that only give the client an id are left out.
    package func next(within time: Duration = .seconds(20)) async throws -> ServerSentEvent {
        let found = try await events.first(from: position.withLock { $0 }, within: time) { !$0.data.isEmpty }
        position.withLock { $0 = found.index + 1 }
        return found.element
    }

    /// Closes the connection, as a client that goes away.
    package func close() {
        let first = isClosed.withLock { closed in
            defer { closed = true }
            return !closed
        }
        if first { hangUp() }
    }
}
