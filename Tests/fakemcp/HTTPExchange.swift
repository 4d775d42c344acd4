/// The reply to one POST: JSON, or an event stream as soon as something comes before the answer.
final class HTTPExchange: Exchange {
    private let connection: HTTPConnection
    private let headers: [(String, String)]
    private let isModern: Bool
    private let prefersStream: Bool
    private let forget: () -> Void

    init(
        connection: HTTPConnection, headers: [(String, String)], isModern: Bool, prefersStream: Bool,
        forget: @escaping () -> Void
    ) {
        self.connection = connection
        self.headers = headers
        self.isModern = isModern
        self.prefersStream = prefersStream
        self.forget = forget
    }

    func notify(_ message: JSON) {
        connection.openStream(headers)
        connection.event("message", message.bytes)
    }

    func finish(_ message: JSON) {
        if prefersStream { connection.openStream(headers) }
        if connection.isStreaming { return finish(bytes: message.bytes) }
        connection.json(status(of: message), headers, message.bytes)
    }

    func finish(bytes: [UInt8]) {
        guard connection.isStreaming else { return connection.json(200, headers, bytes) }
        connection.event("message", bytes)
        connection.endStream()
    }

    func misbehave(_ evil: Evil) {
        switch evil {
        case .httpRedirect: connection.reply(307, [("Location", "http://127.0.0.1:9/elsewhere")])
        case .http401: connection.reply(401, [("WWW-Authenticate", "Bearer")])
        case .http500: connection.reply(500, [], Array("internal error".utf8))
        case .httpForget:
            forget()
            connection.reply(404, [], Array("session not found".utf8))
        default: connection.close()
        }
    }

    /// Modern servers answer protocol errors with a status; legacy ones with 200.
    private func status(of message: JSON) -> Int {
        guard isModern, let code = message["error"]?["code"]?.int else { return 200 }
        return code == -32601 ? 404 : code == -32603 ? 200 : 400
    }
}

/// The reply to one POST of the 2024-11-05 transport: everything goes to the session's stream.
final class StreamExchange: Exchange {
    private let stream: HTTPConnection

    init(stream: HTTPConnection) { self.stream = stream }

    func notify(_ message: JSON) { stream.event("message", message.bytes) }
    func finish(_ message: JSON) { stream.event("message", message.bytes) }
    func finish(bytes: [UInt8]) { stream.event("message", bytes) }
    func misbehave(_ evil: Evil) { stream.close() }
}
