#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The address that a connection goes to, after name resolution.
package enum CurlPeerAddress: Sendable, Hashable {
    /// Four octets in network order.
    case ipv4([UInt8], port: UInt16)
    /// Sixteen octets in network order.
    case ipv6([UInt8], port: UInt16)
    case unix

    init?(_ address: UnsafePointer<sockaddr>, length: Int) {
        switch Int32(address.pointee.sa_family) {
        case AF_INET where length >= MemoryLayout<sockaddr_in>.size:
            let inet = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self)
            self = .ipv4(withUnsafeBytes(of: inet.sin_addr, Array.init), port: UInt16(bigEndian: inet.sin_port))
        case AF_INET6 where length >= MemoryLayout<sockaddr_in6>.size:
            let inet = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self)
            self = .ipv6(withUnsafeBytes(of: inet.sin6_addr, Array.init), port: UInt16(bigEndian: inet.sin6_port))
        case AF_UNIX: self = .unix
        default: return nil
        }
    }

    /// Reads a numeric address as libcurl reports it for a connection.
    init?(numeric text: UnsafePointer<CChar>, port: UInt16) {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            self = .ipv4(withUnsafeBytes(of: four, Array.init), port: port)
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            self = .ipv6(withUnsafeBytes(of: six, Array.init), port: port)
        } else {
            return nil
        }
    }
}

extension CurlPeerAddress: CustomStringConvertible {
    package var description: String {
        switch self {
        case .ipv4(let octets, let port): "\(octets.map(String.init).joined(separator: ".")):\(port)"
        case .ipv6(let octets, let port):
            "["
                + stride(from: 0, to: octets.count - 1, by: 2)
                .map { String(UInt16(octets[$0]) << 8 | UInt16(octets[$0 + 1]), radix: 16) }
                .joined(separator: ":") + "]:\(port)"
        case .unix: "unix socket"
        }
    }
}
