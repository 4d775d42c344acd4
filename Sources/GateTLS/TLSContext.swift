import CTLS

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A certificate, its key and the rules of a listener: what all its connections are made from. Never changed once made, and safe on all
/// threads.
package final class TLSContext: @unchecked Sendable {
    let pointer: OpaquePointer
    /// What the certificate says of itself.
    package let certificate: CertificateFacts

    /// Reads the files.
    ///
    /// - Throws: ``TLSProblem`` when one of them cannot be read, others may read the key, or they do not belong together.
    package init(_ files: TLSFiles) throws(TLSProblem) {
        ERR_clear_error()
        guard let pointer = gate_tls_server_context() else {
            throw TLSProblem("certificate", "this machine's OpenSSL gives no TLS: \(OpenSSLError.take())")
        }
        do throws(TLSProblem) {
            certificate = try TLSContext.loadCertificate(files.certificate, into: pointer)
            try TLSContext.loadKey(files.key, of: files.certificate, into: pointer)
            if let authorities = files.clientAuthorities {
                try TLSContext.loadAuthorities(authorities, into: pointer)
                gate_tls_ask_for_certificate(pointer, files.requiresClientCertificate ? 1 : 0)
            }
        } catch {
            SSL_CTX_free(pointer)
            throw error
        }
        self.pointer = pointer
    }

    deinit { SSL_CTX_free(pointer) }

    private static func loadCertificate(_ path: String, into pointer: OpaquePointer) throws(TLSProblem)
        -> CertificateFacts
    {
        try checkReadable(path, "certificate")
        guard SSL_CTX_use_certificate_chain_file(pointer, path) == 1,
            let certificate = SSL_CTX_get0_certificate(pointer)
        else {
            throw TLSProblem(
                "certificate", "\(path) holds no certificate in PEM form that can be used (\(OpenSSLError.take()))")
        }
        return CertificateFacts(certificate)
    }

    private static func loadKey(_ path: String, of certificate: String, into pointer: OpaquePointer) throws(TLSProblem)
    {
        try checkReadable(path, "key")
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & 0o077 == 0 else {
            throw TLSProblem("key", "\(path) can be read by other users of this machine. Run: chmod 600 \(path)")
        }
        var wasAsked: Int32 = 0
        gate_tls_forbid_passwords(pointer, &wasAsked)
        let isLoaded = SSL_CTX_use_PrivateKey_file(pointer, path, SSL_FILETYPE_PEM) == 1
        gate_tls_forbid_passwords(pointer, nil)
        if wasAsked != 0 {
            throw TLSProblem(
                "key",
                "\(path) is encrypted, and there is nobody to ask for its password. Write it without one: "
                    + "openssl pkey -in \(path) -out NEW")
        }
        guard isLoaded, SSL_CTX_check_private_key(pointer) == 1 else {
            let reason = OpenSSLError.take()
            throw TLSProblem(
                "key", "\(path) holds no private key that belongs to the certificate in \(certificate) (\(reason))")
        }
    }

    private static func loadAuthorities(_ path: String, into pointer: OpaquePointer) throws(TLSProblem) {
        try checkReadable(path, "client_ca")
        guard SSL_CTX_load_verify_file(pointer, path) == 1, let names = SSL_load_client_CA_file(path) else {
            throw TLSProblem("client_ca", "\(path) holds no certificates in PEM form (\(OpenSSLError.take()))")
        }
        SSL_CTX_set_client_CA_list(pointer, names)
    }

    private static func checkReadable(_ path: String, _ key: String) throws(TLSProblem) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw TLSProblem(key, "\(path) cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw TLSProblem(key, "\(path) is no file")
        }
    }
}
