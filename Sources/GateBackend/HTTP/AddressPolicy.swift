import GateCurl

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Which addresses the connections to an HTTP backend may go to.
///
/// The URL of a backend is the operator's word: loopback and private networks are where MCP servers live, so its host is allowed
/// whatever it resolves to. One kind of address is never meant by a name: the link-local ones (169.254.0.0/16, fe80::/10)
/// and the metadata services of clouds (also fd00:ec2::254, fd20:ce::254), which hand out credentials to whoever asks. A
/// name that resolves to one of them is refused, also when it did so only at the moment of the connection; a URL that has
/// the address itself in it is taken at its word. IPv4 addresses inside IPv6 ones count as the IPv4 address.
struct AddressPolicy: Sendable {
    /// Judges an address that is about to be used; nil when the URL names the address itself and nothing is left to judge.
    let judge: (@Sendable (CurlPeerAddress) -> Bool)?

    init(host: String) {
        if AddressPolicy.isAddress(host) {
            judge = nil
        } else {
            judge = { AddressPolicy.allowsForName($0) }
        }
    }

    static func allowsForName(_ address: CurlPeerAddress) -> Bool {
        guard address.scope != .linkLocal else { return false }
        guard case .ipv6(let octets, _) = address else { return true }
        return !metadata.contains(octets)
    }

    private static let metadata: [[UInt8]] = [
        [0xFD, 0x00, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54],
        [0xFD, 0x20, 0x00, 0xCE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54],
    ]

    /// Whether a URL's host is a numeric address, as libcurl writes it.
    private static func isAddress(_ host: String) -> Bool {
        if host.utf8.first == UInt8(ascii: "[") { return true }
        var address = in_addr()
        return inet_pton(AF_INET, host, &address) == 1
    }
}
