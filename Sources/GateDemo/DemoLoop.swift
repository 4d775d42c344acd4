#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Runs a ``DemoServer`` on two descriptors: waits, with `poll`, for the next line or the next deadline.
package enum DemoLoop {
    /// Serves until the input ends, which is how an MCP client says goodbye, or until nobody reads the output any more.
    ///
    /// The process should ignore SIGPIPE.
    package static func run(input: Int32 = 0, output: Int32 = 1) {
        var server = DemoServer()
        var splitter = LineSplitter(limit: DemoServer.longestLine)
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            var state = pollfd(fd: input, events: Int16(POLLIN), revents: 0)
            let ready = poll(&state, 1, server.nextDeadline.map { milliseconds($0 - now().uptime) } ?? -1)
            if ready < 0, errno != EINTR { return }
            var replies = server.tick(now: now())
            if ready > 0 {
                let count = read(input, &chunk, chunk.count)
                if count == 0 || (count < 0 && errno != EINTR) {
                    _ = write(replies, to: output)
                    return
                }
                for line in splitter.add(chunk.prefix(max(count, 0))) {
                    switch line {
                    case .line(let bytes): replies += server.receive(bytes, now: now())
                    case .overlong: replies += server.receiveOverlongLine()
                    }
                }
            }
            guard write(replies, to: output) else { return }
        }
    }

    private static func now() -> DemoTime {
        var uptime = timespec()
        clock_gettime(CLOCK_MONOTONIC, &uptime)
        var wall = timespec()
        clock_gettime(CLOCK_REALTIME, &wall)
        return DemoTime(
            uptime: .seconds(uptime.tv_sec) + .nanoseconds(uptime.tv_nsec), unixSeconds: Int(wall.tv_sec))
    }

    /// Rounded up, so that the deadline has passed when the wait ends.
    private static func milliseconds(_ duration: Duration) -> Int32 {
        let (seconds, attoseconds) = duration.components
        return Int32(clamping: max(0, seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1))
    }

    private static func write(_ messages: [[UInt8]], to output: Int32) -> Bool {
        guard !messages.isEmpty else { return true }
        let bytes = Array(messages.map { $0 + [UInt8(ascii: "\n")] }.joined())
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { send($0, to: output) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            written += count
        }
        return true
    }

    private static func send(_ bytes: UnsafeRawBufferPointer, to output: Int32) -> Int {
        #if canImport(Glibc)
            Glibc.write(output, bytes.baseAddress, bytes.count)
        #elseif canImport(Musl)
            Musl.write(output, bytes.baseAddress, bytes.count)
        #else
            Darwin.write(output, bytes.baseAddress, bytes.count)
        #endif
    }
}
