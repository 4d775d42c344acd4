import Foundation
import GateTestKit
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A TCP server on 127.0.0.1 that answers with exactly the bytes a test wants, one thread for each connection.
final class RawServer: Sendable {
    let port: UInt16
    private let listener: Int32
    private let acceptCount = Atomic<Int>(0)
    private let requestCount = Atomic<Int>(0)

    /// Connections accepted so far.
    var accepts: Int { acceptCount.load(ordering: .sequentiallyConsistent) }
    /// Complete requests read so far.
    var requests: Int { requestCount.load(ordering: .sequentiallyConsistent) }

    var url: String { "http://127.0.0.1:\(port)/" }

    init(_ handler: @escaping @Sendable (RawConnection) -> Void) throws {
        let (descriptor, port) = try Sockets.listening()
        listener = descriptor
        self.port = port
        Thread.detachNewThread { [self] in
            while true {
                let peer = accept(descriptor, nil, nil)
                guard peer >= 0 else { return }
                acceptCount.add(1, ordering: .sequentiallyConsistent)
                Thread.detachNewThread { [self] in
                    handler(
                        RawConnection(descriptor: peer) { self.requestCount.add(1, ordering: .sequentiallyConsistent) })
                    close(peer)
                }
            }
        }
    }

    /// A server that answers every request with what `reply` makes of it.
    static func answering(_ reply: @escaping @Sendable (RawRequest) -> String) throws -> RawServer {
        try RawServer { connection in
            while let request = connection.readRequest() {
                guard connection.write(reply(request)) else { return }
            }
        }
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }
}

struct RawRequest: Sendable {
    /// The request line and the header lines, as received.
    var head: String
    var body: [UInt8]
}

/// One accepted connection, used by its own thread only.
final class RawConnection {
    private let descriptor: Int32
    private let counted: () -> Void
    private var buffer: [UInt8] = []

    init(descriptor: Int32, counted: @escaping () -> Void) {
        self.descriptor = descriptor
        self.counted = counted
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Nil when the peer closed before a request was complete.
    func readRequest() -> RawRequest? {
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let range = buffer.firstRange(of: end) {
                let head = String(decoding: buffer[..<range.lowerBound], as: UTF8.self)
                let length = Self.contentLength(head)
                while buffer.count < range.upperBound + length { guard fill() else { return nil } }
                let body = Array(buffer[range.upperBound..<(range.upperBound + length)])
                buffer.removeFirst(range.upperBound + length)
                counted()
                return RawRequest(head: head, body: body)
            }
            guard fill() else { return nil }
        }
    }

    /// Waits until the peer closes or resets.
    func readToEnd() { while fill() {} }

    func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            #if os(Linux)
                let count = rest.withUnsafeBytes {
                    send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
            #else
                let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, 0) }
            #endif
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private func fill() -> Bool {
        let chunk = [UInt8](unsafeUninitializedCapacity: 65536) { room, count in
            count = max(0, recv(descriptor, room.baseAddress, room.count, 0))
        }
        buffer += chunk
        return !chunk.isEmpty
    }

    private static func contentLength(_ head: String) -> Int {
        for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix("content-length:") {
            return Int(line.dropFirst(15).trimmingCharacters(in: .whitespaces)) ?? 0
        }
        return 0
    }
}

func ok(_ body: String, _ fields: String = "") -> String {
    "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)"
}
