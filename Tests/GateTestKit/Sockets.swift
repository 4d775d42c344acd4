#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Loopback sockets with checked calls.
package enum Sockets {
    /// A TCP port of 127.0.0.1 that was free a moment ago. Prefer port 0 where the program under test can report it.
    package static func freePort() throws -> UInt16 {
        let descriptor = try stream()
        defer { close(descriptor) }
        var address = loopback(port: 0)
        try check("bind", withSocketAddress(&address) { bind(descriptor, $0, $1) })
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        try check("getsockname", result)
        return UInt16(bigEndian: address.sin_port)
    }

    static func connected(to port: UInt16) throws -> Int32 {
        let descriptor = try stream()
        var address = loopback(port: port)
        guard withSocketAddress(&address, { connect(descriptor, $0, $1) }) == 0 else {
            let reason = errno
            close(descriptor)
            throw TestKitError("connect to 127.0.0.1:\(port): \(String(cString: strerror(reason)))")
        }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        #if os(macOS)
            setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &one, socklen_t(MemoryLayout<Int32>.size))
        #endif
        return descriptor
    }

    /// A listener on a free port.
    package static func listening() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = try stream()
        var address = loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard bind(descriptor, generic, length) == 0, listen(descriptor, 512) == 0 else { return Int32(-1) }
                return getsockname(descriptor, generic, &length)
            }
        }
        do { try check("listen", result) } catch {
            close(descriptor)
            throw error
        }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    /// Sends all of the bytes.
    ///
    /// - Returns: 0, or the error number that stopped it.
    static func send(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { raw in
                #if os(Linux)
                    Glibc.send(descriptor, raw.baseAddress, raw.count, Int32(MSG_NOSIGNAL))
                #else
                    Darwin.send(descriptor, raw.baseAddress, raw.count, 0)
                #endif
            }
            if count < 0 {
                if errno == EINTR { continue }
                return errno
            }
            rest = rest.dropFirst(count)
        }
        return 0
    }

    /// The next close of the descriptor is a TCP reset.
    static func shutDownHard(_ descriptor: Int32) {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    }

    static func reset(_ descriptor: Int32) {
        shutDownHard(descriptor)
        close(descriptor)
    }

    static func check(_ call: String, _ result: Int32) throws {
        guard result < 0 else { return }
        throw TestKitError("\(call): \(String(cString: strerror(errno)))")
    }

    private static func stream() throws -> Int32 {
        #if os(Linux)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        #else
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
            fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        #endif
        try check("socket", descriptor)
        return descriptor
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func withSocketAddress(
        _ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// An IPv4 address of this machine that is not loopback; nil when it has none.
    package static func ownAddress() -> String? {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return nil }
        defer { freeifaddrs(list) }
        var next = list
        while let entry = next {
            next = entry.pointee.ifa_next
            guard let address = entry.pointee.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET) else {
                continue
            }
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let size = socklen_t(MemoryLayout<sockaddr_in>.size)
            guard getnameinfo(address, size, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 else {
                continue
            }
            let name = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if !name.hasPrefix("127.") { return name }
        }
        return nil
    }
}
