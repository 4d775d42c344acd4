/// The inbound event of a connection whose handshake is done.
package struct TLSEstablished: Sendable {
    /// The client's certificate, which has been verified; nil when it has shown none.
    package let certificate: CertificateFacts?
}
