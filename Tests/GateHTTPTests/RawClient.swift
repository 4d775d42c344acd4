import NIOPosix

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A TCP client that sends exactly the bytes it is given. Reads give up after ten seconds, which only a failing test waits for.
final class RawClient {
    struct Failure: Error {
        var message: String
    }

    private(set) var descriptor: Int32
    private var received: [UInt8] = []

    init(port: Int, receiveBufferBytes: Int32? = nil) throws {
        #if canImport(Glibc)
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        if var size = receiveBufferBytes {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure(message: "connect failed: \(errno)") }
    }

    deinit { close() }

    /// Sends all bytes.
    /// - Returns: false when the server has closed the connection meanwhile.
    @discardableResult
    func send(_ bytes: some Sequence<UInt8>) -> Bool {
        let bytes = Array(bytes)
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { all in
                let rest = UnsafeRawBufferPointer(rebasing: all[sent...])
                #if canImport(Glibc)
                    return Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                #else
                    return Darwin.send(descriptor, rest.baseAddress, rest.count, 0)
                #endif
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(text.utf8) }

    /// Where reads wait, so that they do not hold the threads that tasks run on.
    private static let threads: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 64)
        pool.start()
        return pool
    }()

    /// One `recv`; empty at the end of the stream or when it was reset.
    private func receive() async throws -> [UInt8] {
        let descriptor = descriptor
        return try await Self.threads.runIfActive {
            var buffer = [UInt8](repeating: 0, count: 65536)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0 {
                guard errno == ECONNRESET else { throw Failure(message: "recv failed: \(errno)") }
                return []
            }
            return Array(buffer.prefix(count))
        }
    }

    /// Everything up to the end of the connection.
    func readAll() async throws -> String {
        while true {
            let more = try await receive()
            if more.isEmpty { break }
            received += more
        }
        defer { received = [] }
        return String(decoding: received, as: UTF8.self)
    }

    /// The bytes up to and including `marker`.
    func read(until marker: String) async throws -> String {
        let wanted = Array(marker.utf8)
        var searched = 0
        while true {
            while searched + wanted.count <= received.count {
                if received[searched..<(searched + wanted.count)].elementsEqual(wanted) {
                    let end = searched + wanted.count
                    defer { received.removeFirst(end) }
                    return String(decoding: received[..<end], as: UTF8.self)
                }
                searched += 1
            }
            let more = try await receive()
            guard !more.isEmpty else {
                throw Failure(message: "closed after: \(String(decoding: received, as: UTF8.self))")
            }
            received += more
        }
    }

    func read(count: Int) async throws -> [UInt8] {
        while received.count < count {
            let more = try await receive()
            guard !more.isEmpty else { throw Failure(message: "closed after \(received.count) of \(count) bytes") }
            received += more
        }
        defer { received.removeFirst(count) }
        return Array(received.prefix(count))
    }

    /// One response with `Content-Length`.
    func readResponse(hasBody: Bool = true) async throws -> Response {
        let head = try await read(until: "\r\n\r\n")
        var response = Response(head: head)
        if hasBody, let length = response["content-length"].flatMap({ Int($0) }) {
            response.body = String(decoding: try await read(count: length), as: UTF8.self)
        }
        return response
    }

    func closeSendingHalf() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Closes with a reset instead of an orderly end.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    func close() {
        guard descriptor >= 0 else { return }
        #if canImport(Glibc)
            Glibc.close(descriptor)
        #else
            Darwin.close(descriptor)
        #endif
        descriptor = -1
    }

    struct Response {
        var head: String
        var body = ""

        var status: Int { head.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0 }

        subscript(_ name: String) -> String? {
            for line in head.split(separator: "\r\n").dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                guard parts.count == 2, parts[0].lowercased() == name else { continue }
                return String(parts[1].drop { $0 == " " })
            }
            return nil
        }
    }
}
