#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The few system calls that the program needs, with `EINTR` out of the way.
enum System {
    /// Milliseconds of the monotonic clock.
    static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }

    /// Up to 64 KiB; empty at the end of the stream, nil on an error.
    static func read(_ descriptor: Int32) -> [UInt8]? {
        while true {
            var count = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: 65536) { buffer, filled in
                #if canImport(Glibc)
                    count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                #else
                    count = Darwin.read(descriptor, buffer.baseAddress, buffer.count)
                #endif
                filled = max(0, count)
            }
            if count >= 0 { return bytes }
            if errno != EINTR { return nil }
        }
    }

    /// - Returns: bytes written, or nil on an error.
    static func write(_ descriptor: Int32, _ bytes: ArraySlice<UInt8>) -> Int? {
        while true {
            let count = bytes.withUnsafeBytes { buffer in
                #if canImport(Glibc)
                    Glibc.write(descriptor, buffer.baseAddress, buffer.count)
                #else
                    Darwin.write(descriptor, buffer.baseAddress, buffer.count)
                #endif
            }
            if count >= 0 { return count }
            if errno != EINTR { return nil }
        }
    }

    static func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let count = write(descriptor, rest) else { return }
            rest = rest.dropFirst(count)
        }
    }

    static func say(_ text: String) { writeAll(2, Array((text + "\n").utf8)) }

    /// Open descriptors with what they point to, where the system can tell.
    static func descriptors() -> [(number: Int32, target: String)] {
        (0..<Int32(1024)).compactMap { number in
            guard fcntl(number, F_GETFD) >= 0 else { return nil }
            var buffer = [CChar](repeating: 0, count: 512)
            let count = readlink("/proc/self/fd/\(number)", &buffer, buffer.count)
            return (number, String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self))
        }
    }
}
