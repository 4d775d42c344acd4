#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Streamable HTTP of both eras at every path, or the 2024-11-05 transport.
final class HTTPTransport {
    private let server: Server
    private let loop: EventLoop
    private let listener: Int32
    private var connections: [ObjectIdentifier: HTTPConnection] = [:]
    private var sessions: [String: Session] = [:]
    private var streams: [String: HTTPConnection] = [:]
    private var exchanges: [ObjectIdentifier: any Exchange] = [:]
    private var hasForgotten = false
    /// Questions for clients that have not opened their stream yet.
    private var unsent: [String: [JSON]] = [:]
    private var options: Options { server.options }

    init(server: Server, loop: EventLoop, port: UInt16) throws(Options.Problem) {
        guard let (listener, taken) = System.listen(port: port) else {
            throw Options.Problem(text: "cannot listen on port \(port)")
        }
        self.server = server
        self.loop = loop
        self.listener = listener
        loop.onReadable(listener) { [unowned self] in acceptOne() }
        System.say("fakemcp listening on http://127.0.0.1:\(taken)/\(server.options.httpSSE ? "sse" : "mcp")")
    }

    private func acceptOne() {
        let descriptor = accept(listener, nil, nil)
        guard descriptor >= 0 else { return }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        let connection = HTTPConnection(descriptor: descriptor, loop: loop)
        let key = ObjectIdentifier(connection)
        connections[key] = connection
        connection.onRequest = { [unowned self, unowned connection] in route($0, connection) }
        connection.onClose = { [unowned self] in
            // The closing code is still on the stack of this connection.
            let gone = connections.removeValue(forKey: key)
            loop.after(milliseconds: 0) { _ = gone }
            if let exchange = exchanges.removeValue(forKey: key) { server.closed(exchange) }
            for (id, stream) in streams where ObjectIdentifier(stream) == key { streams[id] = nil }
        }
    }

    private func route(_ request: HTTPRequest, _ connection: HTTPConnection) {
        let id = request.headers["mcp-session-id"] ?? ""
        switch request.method {
        case "GET" where options.httpSSE: openSSE(connection)
        case "POST" where options.httpSSE: postSSE(request, connection)
        case "POST": post(request, connection)
        case "GET" where sessions[id] != nil && streams[id] == nil:
            connection.openStream()
            streams[id] = connection
            for message in unsent.removeValue(forKey: id) ?? [] { connection.event("message", message.bytes) }
        case "DELETE" where sessions[id] != nil:
            end(id)
            connection.reply(200)
        default: connection.reply(405, [("Allow", "POST")])
        }
    }

    private func end(_ id: String) {
        server.sessions.removeAll { $0.id == id }
        sessions[id] = nil
        streams.removeValue(forKey: id)?.endStream()
    }

    private func newSession() -> Session {
        let id = String(UInt64.random(in: .min ... .max), radix: 16)
        let session = Session(id: id)
        session.stream = { [unowned self] message in
            if let stream = streams[id] {
                stream.event("message", message.bytes)
            } else if message["id"] != nil {
                unsent[id, default: []].append(message)
            }
        }
        sessions[id] = session
        server.sessions.append(session)
        return session
    }

    private func post(_ request: HTTPRequest, _ connection: HTTPConnection) {
        guard let message = JSONParser.parse(request.body) else {
            return connection.json(400, [], server.error(id: .null, code: -32700, "not JSON").bytes)
        }
        let id = message["id"] ?? .null
        let meta = message["params"]?["_meta"]?["io.modelcontextprotocol/protocolVersion"]
        let isModern = meta != nil && (options.era == .modern || options.era == .both)
        if isModern, let problem = headerProblem(message, request) {
            return connection.json(400, [], server.error(id: id, code: -32020, problem).bytes)
        }
        var headers: [(String, String)] = []
        let session: Session
        if isModern || options.era == .modern {
            session = Session(id: "")
        } else if message["method"]?.text == "initialize" {
            session = newSession()
            headers = [("Mcp-Session-Id", session.id)]
        } else if let given = request.headers["mcp-session-id"] {
            guard let known = sessions[given] else {
                return connection.json(404, [], server.error(id: id, code: -32600, "Session not found").bytes)
            }
            session = known
        } else {
            let text = "Bad Request: Missing session ID"
            return connection.json(400, [], server.error(id: "server-error", code: -32600, text).bytes)
        }
        guard message["method"] != nil, message["id"] != nil else {
            connection.reply(202)
            return server.receive(request.body, session: session, exchange: Nowhere())
        }
        let exchange = HTTPExchange(
            connection: connection, headers: headers, isModern: isModern, prefersStream: options.reply == .sse,
            forget: { [unowned self] in end(session.id) })
        exchanges[ObjectIdentifier(connection)] = exchange
        if options.evil == .httpForget, message["method"]?.text == "tools/call", !isModern {
            guard hasForgotten else {
                hasForgotten = true
                return exchange.misbehave(.httpForget)
            }
        }
        server.receive(request.body, session: session, exchange: exchange)
    }

    /// What the headers of a modern request say against its body.
    private func headerProblem(_ message: JSON, _ request: HTTPRequest) -> String? {
        let params = message["params"]
        let method = message["method"]?.text ?? ""
        let isLate = options.lateHeader && params?["name"]?.text == "echo"
        let expected: [(String, String?)] = [
            ("mcp-param-text", isLate ? params?["arguments"]?["text"]?.text : nil),
            ("mcp-protocol-version", params?["_meta"]?["io.modelcontextprotocol/protocolVersion"]?.text),
            ("mcp-method", method), ("mcp-name", method == "tools/call" ? params?["name"]?.text : nil),
        ]
        for (name, value) in expected {
            guard let value, request.headers[name] != value else { continue }
            return "header \(name) is \(request.headers[name] ?? "missing"), the body says \(value)"
        }
        return nil
    }

    private func openSSE(_ connection: HTTPConnection) {
        let session = newSession()
        streams[session.id] = connection
        connection.openStream()
        connection.event("endpoint", Array("/messages/?session_id=\(session.id)".utf8))
    }

    private func postSSE(_ request: HTTPRequest, _ connection: HTTPConnection) {
        guard let id = request.query["session_id"], let session = sessions[id], let stream = streams[id] else {
            return connection.reply(request.query["session_id"] == nil ? 405 : 404)
        }
        connection.reply(202, [], Array("Accepted".utf8))
        let exchange = StreamExchange(stream: stream)
        exchanges[ObjectIdentifier(connection)] = exchange
        server.receive(request.body, session: session, exchange: exchange)
    }
}

/// Notices and answers of the client get no reply.
private final class Nowhere: Exchange {
    func notify(_ message: JSON) {}
    func finish(_ message: JSON) {}
    func finish(bytes: [UInt8]) {}
    func misbehave(_ evil: Evil) {}
}
