import CTLS

/// The TLS of one connection, between bytes as they travel and bytes as they are meant. It does no I/O: both directions go through memory.
///
/// Belongs to one event loop.
final class TLSSession {
    enum Read: Equatable {
        case bytes(Int)
        /// More has to arrive first.
        case starved
        /// The peer has said that nothing more comes.
        case closed
    }

    /// A failure of the connection. What `output` still holds tells the peer of it.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let ssl: OpaquePointer
    private let input: OpaquePointer
    private let output: OpaquePointer

    /// - Returns: nil when there is no memory.
    init?(_ context: TLSContext) {
        guard let ssl = SSL_new(context.pointer) else { return nil }
        var input: OpaquePointer?
        var output: OpaquePointer?
        guard gate_tls_attach_memory(ssl, &input, &output) == 1, let input, let output else {
            SSL_free(ssl)
            return nil
        }
        self.ssl = ssl
        self.input = input
        self.output = output
    }

    deinit { SSL_free(ssl) }

    /// Takes bytes that have arrived; at most `Int32.max` at once.
    func receive(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        guard BIO_write(input, base, Int32(clamping: bytes.count)) == Int32(clamping: bytes.count) else {
            throw Failure(description: "out of memory")
        }
    }

    /// Goes on with the handshake.
    ///
    /// - Returns: whether it is done.
    func shakeHands() throws(Failure) -> Bool {
        ERR_clear_error()
        let result = SSL_do_handshake(ssl)
        if result == 1 { return true }
        guard SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ else { throw failure("the handshake failed") }
        return false
    }

    func read(into bytes: UnsafeMutableRawBufferPointer) throws(Failure) -> Read {
        ERR_clear_error()
        let count = SSL_read(ssl, bytes.baseAddress, Int32(clamping: bytes.count))
        if count > 0 { return .bytes(Int(count)) }
        switch SSL_get_error(ssl, count) {
        case SSL_ERROR_WANT_READ: return .starved
        case SSL_ERROR_ZERO_RETURN: return .closed
        default: throw failure("what arrived cannot be read")
        }
    }

    /// Encrypts bytes into the output.
    ///
    /// - Returns: how many were taken; all, unless there are more than one record holds.
    func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) -> Int {
        ERR_clear_error()
        let count = SSL_write(ssl, bytes.baseAddress, Int32(clamping: bytes.count))
        guard count > 0 else { throw failure("nothing more can be sent") }
        return Int(count)
    }

    /// Says to the peer that nothing more comes. What it sends can still be read.
    func close() {
        ERR_clear_error()
        SSL_shutdown(ssl)
        ERR_clear_error()
    }

    /// The number of bytes that wait to be sent.
    var outputCount: Int { BIO_ctrl_pending(output) }

    /// Takes what waits to be sent.
    ///
    /// - Returns: the number of bytes.
    func takeOutput(into bytes: UnsafeMutableRawBufferPointer) -> Int {
        max(0, Int(BIO_read(output, bytes.baseAddress, Int32(clamping: bytes.count))))
    }

    /// Whether the handshake has agreed on HTTP/2.
    var isHTTP2: Bool {
        var bytes: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &bytes, &count)
        return UnsafeBufferPointer(start: bytes, count: Int(count)).elementsEqual("h2".utf8)
    }

    /// The peer's certificate, which has been verified; nil when it has shown none.
    var peerCertificate: CertificateFacts? {
        guard let certificate = SSL_get1_peer_certificate(ssl) else { return nil }
        defer { X509_free(certificate) }
        // Without authorities to judge by, none is asked for; one that came all the same would not have been judged.
        guard SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER != 0, SSL_get_verify_result(ssl) == Int(X509_V_OK) else {
            return nil
        }
        return CertificateFacts(certificate)
    }

    private func failure(_ what: String) -> Failure {
        let result = SSL_get_verify_result(ssl)
        if result != Int(X509_V_OK), let text = X509_verify_cert_error_string(result) {
            ERR_clear_error()
            return Failure(description: "\(what): the client's certificate: \(String(cString: text))")
        }
        return Failure(description: "\(what): \(OpenSSLError.take())")
    }
}
