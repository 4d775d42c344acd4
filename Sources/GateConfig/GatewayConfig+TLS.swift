extension GatewayConfig {
    /// `[tls]`: how the listener proves who it is, and how clients may.
    package struct TLS: Sendable, Equatable {
        /// PEM file of the certificate and those between it and its authority; nil for plain HTTP.
        package var certificate: String?
        /// PEM file of its private key.
        package var key: String?
        /// PEM file of the authorities of clients' certificates; nil to ask for none.
        package var clientCA: String?
        /// Whether clients on other machines need a certificate.
        package var requireClientCertificate = false

        package init() {}
    }
}

extension GatewayConfig.Server {
    /// Whether only programs on this machine reach the gateway.
    package var isLoopback: Bool {
        host.utf8.elementsEqual("localhost".utf8) || host.utf8.elementsEqual("::1".utf8)
            || host.utf8.starts(with: "127.".utf8)
    }

    /// Whether it listens on all addresses of the machine.
    package var isOnAllAddresses: Bool {
        host.utf8.elementsEqual("0.0.0.0".utf8) || host.utf8.elementsEqual("::".utf8)
    }
}
