extension CurlPeerAddress {
    /// How far an address reaches, for policies against calls into private networks.
    package enum Scope: String, Sendable {
        /// This machine: 127.0.0.0/8, ::1, Unix sockets, and the unspecified address, which connects to loopback.
        case loopback
        /// RFC 1918, RFC 6598, RFC 4193.
        case privateNetwork
        /// 169.254.0.0/16 and fe80::/10: also where clouds serve their instance credentials.
        case linkLocal
        /// Multicast, broadcast, documentation and other reserved ranges.
        case reserved
        case global
    }

    /// An IPv6 address that carries an IPv4 address (mapped, compatible, NAT64, 6to4) is judged as that IPv4 address.
    package var scope: Scope {
        switch self {
        case .unix: .loopback
        case .ipv4(let octets, _): Self.scope(four: octets[...])
        case .ipv6(let octets, _): Self.scope(six: octets)
        }
    }

    private static func scope(four octets: ArraySlice<UInt8>) -> Scope {
        guard octets.count == 4, let first = octets.first, let second = octets.dropFirst().first,
            let third = octets.dropFirst(2).first
        else { return .reserved }
        switch (first, second, third) {
        case (0, _, _), (127, _, _): return .loopback
        case (10, _, _), (172, 16...31, _), (192, 168, _), (100, 64...127, _): return .privateNetwork
        case (169, 254, _): return .linkLocal
        case (192, 0, 0), (192, 0, 2), (198, 18...19, _), (198, 51, 100), (203, 0, 113), (224..., _, _):
            return .reserved
        default: return .global
        }
    }

    private static func scope(six octets: [UInt8]) -> Scope {
        guard octets.count == 16 else { return .reserved }
        let zeros = octets.prefix(while: { $0 == 0 }).count
        if zeros == 16 || (zeros == 15 && octets[15] == 1) { return .loopback }
        let mapped = zeros == 10 && octets[10] == 0xFF && octets[11] == 0xFF
        let nat64 = octets.starts(with: [0x00, 0x64, 0xFF, 0x9B]) && octets[4..<12].allSatisfy { $0 == 0 }
        if mapped || nat64 || zeros >= 12 { return scope(four: octets[12..<16]) }
        if octets.starts(with: [0x20, 0x02]) { return scope(four: octets[2..<6]) }
        switch (octets[0], octets[1]) {
        case (0xFE, 0x80...0xBF): return .linkLocal
        case (0xFC...0xFD, _), (0xFE, 0xC0...0xFF): return .privateNetwork
        case (0x20...0x3F, _): return octets.starts(with: [0x20, 0x01, 0x0D, 0xB8]) ? .reserved : .global
        default: return .reserved
        }
    }
}
