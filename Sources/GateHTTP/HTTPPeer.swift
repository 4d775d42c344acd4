package import GateTLS
package import NIOCore

/// Who is at the other end of a connection.
package struct HTTPPeer: Sendable {
    /// Where the connection comes from.
    package let address: SocketAddress?
    /// The certificate that it has shown and that has been verified; nil for none, and for plain HTTP.
    package let certificate: CertificateFacts?
    /// The IP address as text; empty when it is not known. Kept, because every request is judged by it.
    package let ip: String

    package init(address: SocketAddress?, certificate: CertificateFacts? = nil) {
        self.address = address
        self.certificate = certificate
        ip = address?.ipAddress ?? ""
    }
}

extension SocketAddress {
    /// Whether it is an address of this machine that nobody else can send from: 127.0.0.0/8 or ::1.
    package var isLoopback: Bool {
        guard let ip = ipAddress else { return false }
        return ip.utf8.starts(with: "127.".utf8) || ip.utf8.elementsEqual("::1".utf8)
    }
}
