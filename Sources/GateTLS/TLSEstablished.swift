/// The inbound event of a connection whose handshake is done.
package struct TLSEstablished: Sendable {
    /// The client's certificate, which has been verified; nil when it has shown none.
    package let certificate: CertificateFacts?
    /// Whether HTTP/2 was agreed on (ALPN); otherwise it is HTTP/1.1.
    package let isHTTP2: Bool
}
