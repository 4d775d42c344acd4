/// A small HTTP/1.1 client over one connection, for tests that look at every byte. Blocking: use it inside `offPool`,
/// or take `HTTP.send` and `EventStream`, which do.
package final class HTTPConnection {
    package let raw: RawConnection
    private let port: UInt16
    private let deadline: ContinuousClock.Instant
    private var unread = Body.none
    private var events: [UInt8] = []

    private enum Body {
        case none, length(Int), chunks, untilEnd
    }

    /// - Parameter time: how long everything on this connection may take together.
    package init(port: UInt16, within time: Duration = .seconds(20)) throws {
        raw = try RawConnection(port: port)
        self.port = port
        deadline = .now + time
    }

    /// Sends a request; `Host` and `Content-Length` are added unless given.
    package func send(
        _ method: String, _ path: String, _ headers: [String: String] = [:], _ body: [UInt8]? = nil
    ) throws {
        var head = "\(method) \(path) HTTP/1.1\r\n"
        let names = Set(headers.keys.map { $0.lowercased() })
        if !names.contains("host") { head += "Host: 127.0.0.1:\(port)\r\n" }
        if let body, !names.contains("content-length"), !names.contains("transfer-encoding") {
            head += "Content-Length: \(body.count)\r\n"
        }
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) { head += "\(name): \(value)\r\n" }
        try raw.send(Array((head + "\r\n").utf8) + (body ?? []))
    }

    /// The head of the next reply; 1xx replies are skipped.
    package func head(of method: String = "GET") throws -> HTTPReply {
        while true {
            guard let bytes = try raw.take(through: Array("\r\n\r\n".utf8), by: deadline) else {
                throw TestKitError("the connection ended before a reply")
            }
            let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
            let words = lines.first?.split(separator: " ") ?? []
            guard words.count > 1, let status = Int(words[1]) else { throw TestKitError("not HTTP: \(lines)") }
            let headers = lines.dropFirst().map { line -> (name: String, value: String) in
                let parts = line.split(separator: ":", maxSplits: 1)
                let value = parts.count > 1 ? parts[1].drop { $0 == " " || $0 == "\t" } : ""
                return (String(parts.first ?? ""), String(value))
            }
            if (100..<200).contains(status) { continue }
            let reply = HTTPReply(status: status, headers: headers, body: [])
            unread = body(of: reply, method: method)
            return reply
        }
    }

    private func body(of reply: HTTPReply, method: String) -> Body {
        if method == "HEAD" || reply.status == 204 || reply.status == 304 { return .none }
        if reply["Transfer-Encoding"]?.lowercased().contains("chunked") == true { return .chunks }
        return reply["Content-Length"].flatMap { Int($0) }.map(Body.length) ?? .untilEnd
    }

    /// The next piece of the body; nil at its end.
    package func piece() throws -> [UInt8]? {
        switch unread {
        case .none: return nil
        case .length(let left):
            guard left > 0 else { return nil }
            if raw.buffer.isEmpty, try !raw.fill(by: deadline) {
                throw TestKitError("\(left) bytes of the body missing")
            }
            let bytes = raw.take(left)
            unread = .length(left - bytes.count)
            return bytes
        case .untilEnd:
            if raw.buffer.isEmpty, try !raw.fill(by: deadline) { return nil }
            return raw.take(raw.buffer.count)
        case .chunks:
            let line = try raw.take(through: Array("\r\n".utf8), by: deadline) ?? []
            let digits = String(decoding: line, as: UTF8.self).prefix { $0.isHexDigit }
            guard let size = Int(digits, radix: 16) else { throw TestKitError("broken chunk: \(line)") }
            while raw.buffer.count < size + 2, try raw.fill(by: deadline) {}
            let bytes = raw.take(size + 2)
            guard bytes.count == size + 2 else { throw TestKitError("the body ends inside a chunk") }
            if size == 0 { unread = .none }
            return size == 0 ? nil : bytes.dropLast(2)
        }
    }

    /// Head and whole body of the next reply.
    package func reply(to method: String = "GET") throws -> HTTPReply {
        var reply = try head(of: method)
        while let piece = try piece() { reply.body += piece }
        return reply
    }

    /// The next server-sent event of the body whose head has been read; nil at its end. Comments are skipped.
    package func nextEvent() throws -> ServerSentEvent? {
        while true {
            if let end = events.indices.first(where: { events[$0...].starts(with: [0x0A, 0x0A]) }) {
                let block = events[..<end]
                events.removeFirst(end + 2)
                if let event = ServerSentEvent(block: block) { return event }
                continue
            }
            guard let piece = try piece() else { return nil }
            events += piece.filter { $0 != 0x0D }
        }
    }
}
