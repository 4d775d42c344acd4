#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A TCP connection to 127.0.0.1 with full control of the bytes. Blocking: use it inside `offPool`.
package final class RawConnection {
    private let descriptor: Int32
    private var isClosed = false
    /// Bytes that have arrived and were not taken yet.
    package private(set) var buffer: [UInt8] = []
    package private(set) var isAtEnd = false

    package init(port: UInt16) throws { descriptor = try Sockets.connected(to: port) }

    deinit { close() }

    package func send(_ text: String) throws { try send(Array(text.utf8)) }

    package func send(_ bytes: [UInt8]) throws {
        let error = Sockets.send(bytes, to: descriptor)
        if error != 0 { throw TestKitError("send: \(String(cString: strerror(error)))") }
    }

    /// Ends the sending side; the answer can still be read.
    package func halfClose() { shutdown(descriptor, Int32(SHUT_WR)) }

    package func close() {
        guard !isClosed else { return }
        isClosed = true
        #if canImport(Glibc)
            _ = Glibc.close(descriptor)
        #else
            _ = Darwin.close(descriptor)
        #endif
    }

    /// Closes with a TCP reset.
    package func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    /// Takes the first `count` bytes of the buffer.
    func take(_ count: Int) -> [UInt8] {
        let taken = Array(buffer.prefix(count))
        buffer.removeFirst(taken.count)
        return taken
    }

    /// Waits for more bytes in the buffer.
    /// - Returns: false at the end of the stream.
    package func fill(by deadline: ContinuousClock.Instant) throws -> Bool {
        while !isAtEnd {
            let left = deadline - .now
            let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
            var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&state, 1, Int32(clamping: max(0, milliseconds)))
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else {
                throw TestKitError(
                    "no more bytes in time; so far: \(String(decoding: buffer.prefix(400), as: UTF8.self))")
            }
            var chunk = [UInt8](repeating: 0, count: 65536)
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                isAtEnd = true
                if count < 0 { throw TestKitError("recv: \(String(cString: strerror(errno)))") }
                return false
            }
            buffer.append(contentsOf: chunk.prefix(count))
            return true
        }
        return false
    }

    /// Everything up to and including `mark`, or nil at the end of the stream.
    package func take(through mark: [UInt8], by deadline: ContinuousClock.Instant) throws -> [UInt8]? {
        var searched = 0
        while true {
            let start = max(0, searched - mark.count)
            if let at = buffer.indices.dropFirst(start).first(where: { buffer[$0...].starts(with: mark) }) {
                return take(at + mark.count)
            }
            searched = buffer.count
            guard try fill(by: deadline) else { return nil }
        }
    }
}

extension RawConnection {
    /// Breaks the connection from another thread; the reader sees its end, and closing stays with the owner.
    var breaker: @Sendable () -> Void {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        return {
            guard copy >= 0 else { return }
            shutdown(copy, Int32(SHUT_RDWR))
            #if canImport(Glibc)
                _ = Glibc.close(copy)
            #else
                _ = Darwin.close(copy)
            #endif
        }
    }
}
