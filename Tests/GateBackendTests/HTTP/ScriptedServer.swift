import Foundation
import GateTestKit
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// An HTTP server on 127.0.0.1 that does with each request what the test says, one thread for each connection.
final class ScriptedServer: Sendable {
    struct Request: Sendable {
        var method: String
        var target: String
        /// Names in lower case.
        var headers: [String: String]
        var body: String

        /// The JSON-RPC id, a number.
        var id: Int? {
            guard let start = body.range(of: "\"id\":") else { return nil }
            return Int(body[start.upperBound...].prefix { $0.isNumber })
        }
    }

    let port: UInt16
    let requests = Journal<Request>(name: "requests")
    /// Requests whose connection the client has closed; the script says when to look.
    let hangUps = Journal<Request>(name: "hang-ups")
    private let listener: Int32

    var url: String { "http://127.0.0.1:\(port)/mcp" }

    init(_ script: @escaping @Sendable (Request, ScriptedReply) -> Void) throws {
        let (descriptor, port) = try Sockets.listening()
        listener = descriptor
        self.port = port
        let requests = requests
        let hangUps = hangUps
        Thread.detachNewThread {
            while true {
                let peer = accept(descriptor, nil, nil)
                guard peer >= 0 else { return }
                Thread.detachNewThread {
                    let reply = ScriptedReply(peer, hangUps)
                    while let request = reply.read() {
                        requests.append(request)
                        script(request, reply)
                        if reply.isOver { break }
                    }
                    close(peer)
                }
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }
}

/// What is sent for one request. Used on the connection's own thread only.
final class ScriptedReply {
    private let descriptor: Int32
    private let hangUps: Journal<ScriptedServer.Request>
    private var buffer: [UInt8] = []
    private(set) var isOver = false

    init(_ descriptor: Int32, _ hangUps: Journal<ScriptedServer.Request>) {
        self.descriptor = descriptor
        self.hangUps = hangUps
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    func json(_ body: String, status: String = "200 OK", _ fields: String = "") {
        write(
            "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
    }

    func plain(_ status: String, _ body: String = "", _ fields: String = "") {
        write("HTTP/1.1 \(status)\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    /// Begins an event stream that lasts until `close` or the end of the script.
    func openStream(_ fields: String = "") {
        isOver = true
        write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nConnection: close\r\n\(fields)\r\n")
    }

    func event(_ data: String, _ fields: String = "") { write("\(fields)data: \(data)\n\n") }

    func write(_ text: String) { write(Array(text.utf8)) }

    func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            #if os(Linux)
                let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            #else
                let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, 0) }
            #endif
            guard count > 0 else {
                isOver = true
                return
            }
            rest = rest.dropFirst(count)
        }
    }

    func hangUp() { isOver = true }

    /// Waits until the client has closed the connection.
    func awaitHangUp(_ request: ScriptedServer.Request) {
        while fill() {}
        isOver = true
        hangUps.append(request)
    }

    func read() -> ScriptedServer.Request? {
        while true {
            if let end = buffer.firstRange(of: Array("\r\n\r\n".utf8)) {
                let lines = String(decoding: buffer[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
                var headers: [String: String] = [:]
                for line in lines.dropFirst() {
                    let parts = line.split(separator: ":", maxSplits: 1)
                    headers[parts[0].lowercased()] =
                        parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
                }
                let length = headers["content-length"].flatMap { Int($0) } ?? 0
                while buffer.count < end.upperBound + length { guard fill() else { return nil } }
                let body = buffer[end.upperBound..<(end.upperBound + length)]
                let first = lines[0].split(separator: " ")
                let request = ScriptedServer.Request(
                    method: String(first[0]), target: String(first[1]), headers: headers,
                    body: String(decoding: body, as: UTF8.self))
                buffer.removeFirst(end.upperBound + length)
                return request
            }
            guard fill() else { return nil }
        }
    }

    private func fill() -> Bool {
        let chunk = [UInt8](unsafeUninitializedCapacity: 65536) { room, count in
            count = max(0, recv(descriptor, room.baseAddress, room.count, 0))
        }
        buffer += chunk
        return !chunk.isEmpty
    }
}
