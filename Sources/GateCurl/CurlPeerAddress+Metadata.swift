extension CurlPeerAddress {
    /// The address that is meant: an IPv4 address that is carried in an IPv6 one (mapped, compatible, NAT64, 6to4) as IPv4.
    package var effective: CurlPeerAddress {
        guard case .ipv6(let octets, let port) = self, let four = Self.embedded(octets) else { return self }
        return .ipv4(Array(four), port: port)
    }

    /// Whether a cloud serves the credentials of its machines here, to whoever asks. No name is ever meant to lead there.
    package var isMetadata: Bool {
        switch effective {
        case .unix: false
        case .ipv4(let octets, _): Self.metadata4.contains(octets)
        case .ipv6(let octets, _): Self.metadata6.contains(octets)
        }
    }

    /// Where a request may go whose sender says nothing else: neither to a link-local address nor to a metadata service.
    package var isOrdinary: Bool { scope != .linkLocal && !isMetadata }

    /// Beside 169.254.0.0/16, where most of them are: Alibaba, Oracle and Azure.
    private static let metadata4: Set<[UInt8]> = [
        [169, 254, 169, 254], [169, 254, 170, 2], [169, 254, 170, 23], [100, 100, 100, 200], [192, 0, 0, 192],
        [168, 63, 129, 16],
    ]

    /// AWS (instances, and pods of EKS), Google, Oracle, Scaleway.
    private static let metadata6: Set<[UInt8]> = [
        [0xFD, 0x00, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54],
        [0xFD, 0x00, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x23],
        [0xFD, 0x20, 0x00, 0xCE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54],
        [0xFD, 0x00, 0x00, 0xC1, 0, 0, 0, 0, 0, 0, 0, 0, 0xA9, 0xFE, 0xA9, 0xFE],
        [0xFD, 0x00, 0x00, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x42],
    ]
}
