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

    /// An IPv6 address that carries an IPv4 address is judged as that IPv4 address.
    package var scope: Scope {
        switch effective {
        case .unix: .loopback
        case .ipv4(let octets, _): Self.scope(four: octets)
        case .ipv6(let octets, _): Self.scope(six: octets)
        }
    }

    /// The IPv4 address in a mapped, compatible, NAT64 (RFC 6052, 8215), 6to4, Teredo or ISATAP address.
    static func embedded(_ octets: [UInt8]) -> [UInt8]? {
        guard octets.count == 16 else { return nil }
        let zeros = octets.prefix(while: { $0 == 0 }).count
        // The unspecified address and ::1 are IPv6's own.
        if zeros == 16 || (zeros == 15 && octets[15] == 1) { return nil }
        let mapped = zeros == 10 && octets[10] == 0xFF && octets[11] == 0xFF
        let translated = octets.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0])
        let nat64 = octets.starts(with: [0x00, 0x64, 0xFF, 0x9B])
        if mapped || translated || nat64 || zeros >= 12 { return Array(octets[12..<16]) }
        if octets.starts(with: [0x20, 0x02]) { return Array(octets[2..<6]) }
        if octets.starts(with: [0x20, 0x01, 0, 0]) { return octets[12..<16].map { ~$0 } }
        let isISATAP = octets[8] & 0xFC == 0 && octets[9...11].elementsEqual([0, 0x5E, 0xFE])
        return isISATAP && scope(six: octets) == .global ? Array(octets[12..<16]) : nil
    }

    private static func scope(four octets: [UInt8]) -> Scope {
        guard octets.count == 4 else { return .reserved }
        switch (octets[0], octets[1], octets[2]) {
        case (0, _, _), (127, _, _): return .loopback
        case (10, _, _), (172, 16...31, _), (192, 168, _), (100, 64...127, _): return .privateNetwork
        case (169, 254, _): return .linkLocal
        case (192, 0, 0), (192, 0, 2), (192, 88, 99), (198, 18...19, _), (198, 51, 100), (203, 0, 113), (224..., _, _):
            return .reserved
        default: return .global
        }
    }

    private static func scope(six octets: [UInt8]) -> Scope {
        guard octets.count == 16 else { return .reserved }
        let zeros = octets.prefix(while: { $0 == 0 }).count
        if zeros >= 15 { return .loopback }
        switch (octets[0], octets[1]) {
        case (0xFE, 0x80...0xBF): return .linkLocal
        case (0xFC...0xFD, _), (0xFE, 0xC0...0xFF): return .privateNetwork
        case (0x20, 0x01) where octets[2] < 2 || octets[2...3].elementsEqual([0x0D, 0xB8]): return .reserved
        case (0x3F, 0xFF) where octets[2] < 0x10: return .reserved
        case (0x20...0x3F, _): return .global
        default: return .reserved
        }
    }
}
