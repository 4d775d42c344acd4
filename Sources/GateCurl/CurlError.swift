/// Why an HTTP exchange brought no usable response.
package struct CurlError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, as far as a caller has to tell cases apart.
    package enum Kind: String, Sendable, CaseIterable {
        /// The request broke a rule before anything was done (URL, header, method). Fix the request.
        case invalidRequest
        /// The host name has no address.
        case resolve
        /// No connection could be made: refused, unreachable, no such socket.
        case connect
        /// Every address of the host was refused by the request's address policy.
        case refusedAddress
        /// The TLS handshake or the verification of the certificate failed.
        case tls
        /// The connect, total or low-speed limit was reached.
        case timeout
        /// The caller cancelled.
        case cancelled
        /// The response (headers or body) is larger than allowed.
        case tooLarge
        /// The peer's answer is not valid HTTP.
        case protocolError
        /// The peer closed the connection before the response was complete.
        case closed
        /// The agent is shut down.
        case shutDown
        /// This machine ran out of something: memory, file descriptors, threads.
        case resource
    }

    package var kind: Kind

    /// One sentence for people, with the cause that libcurl gave.
    package var message: String

    /// True when any byte of the request may have reached the peer.
    ///
    /// Judged to the safe side: it is true from the moment the request is handed to an established connection.
    /// While it is false, repeating the request cannot make the peer act twice.
    package var sent: Bool

    package init(_ kind: Kind, _ message: String, sent: Bool) {
        self.kind = kind
        self.message = message
        self.sent = sent
    }

    package var description: String { "\(kind.rawValue): \(message) (sent: \(sent))" }
}
