/// The files that a listener's TLS is made of, all in PEM form.
package struct TLSFiles: Sendable, Equatable {
    /// The certificate, then those between it and its authority.
    package var certificate: String
    /// The certificate's private key, without a password.
    package var key: String
    /// The authorities of clients' certificates; nil to ask for none.
    package var clientAuthorities: String?
    /// Whether a client without a certificate is turned away.
    package var requiresClientCertificate: Bool

    package init(
        certificate: String, key: String, clientAuthorities: String? = nil, requiresClientCertificate: Bool = false
    ) {
        self.certificate = certificate
        self.key = key
        self.clientAuthorities = clientAuthorities
        self.requiresClientCertificate = requiresClientCertificate
    }
}
