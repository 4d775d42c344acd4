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

    static func close(_ descriptor: Int32) {
        #if canImport(Glibc)
            _ = Glibc.close(descriptor)
        #else
            _ = Darwin.close(descriptor)
        #endif
    }

    /// A listening socket on 127.0.0.1, and its port.
    static func listen(port: UInt16) -> (descriptor: Int32, port: UInt16)? {
        #if canImport(Glibc)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        guard descriptor >= 0 else { return nil }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard bind(descriptor, generic, length) == 0 else { return false }
                #if canImport(Glibc)
                    guard Glibc.listen(descriptor, 512) == 0 else { return false }
                #else
                    guard Darwin.listen(descriptor, 512) == 0 else { return false }
                #endif
                return getsockname(descriptor, generic, &length) == 0
            }
        }
        return isBound ? (descriptor, UInt16(bigEndian: address.sin_port)) : nil
    }
}
