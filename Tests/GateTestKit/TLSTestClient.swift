import CTLS

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A TLS client on a blocking socket, for one thread at a time. Reads give up after ten seconds, which only a failing test waits for.
package final class TLSTestClient: @unchecked Sendable {
    package struct Options: Sendable {
        package var authority: String?
        package var identity: TestAuthority.Identity?
        package var protocols: [String]
        package var mostVersion: Int32

        package init(
            authority: String? = nil, identity: TestAuthority.Identity? = nil, protocols: [String] = [],
            mostVersion: Int32 = TLS1_3_VERSION
        ) {
            self.authority = authority
            self.identity = identity
            self.protocols = protocols
            self.mostVersion = mostVersion
        }
    }

    package enum Read: Equatable {
        case bytes([UInt8])
        /// The peer has ended its side in words of TLS.
        case ended
        /// The connection has been cut, or TLS has failed.
        case failed
    }

    private let context: OpaquePointer
    private let ssl: OpaquePointer
    package let descriptor: Int32

    package init(port: UInt16, _ options: Options = Options()) throws {
        descriptor = try TLSTestClient.connect(port)
        guard let context = SSL_CTX_new(TLS_client_method()), let ssl = TLSTestClient.make(context, options) else {
            throw TestKitError("no TLS")
        }
        self.context = context
        self.ssl = ssl
        SSL_set_fd(ssl, descriptor)
    }

    deinit {
        SSL_free(ssl)
        SSL_CTX_free(context)
        close(descriptor)
    }

    private static func make(_ context: OpaquePointer, _ options: Options) -> OpaquePointer? {
        // Level 0, so that the refusal of an old version is the server's.
        SSL_CTX_set_security_level(context, 0)
        SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_VERSION), nil)
        SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(options.mostVersion), nil)
        if let authority = options.authority {
            SSL_CTX_load_verify_file(context, authority)
            SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        }
        if let identity = options.identity {
            SSL_CTX_use_certificate_chain_file(context, identity.certificate)
            SSL_CTX_use_PrivateKey_file(context, identity.key, SSL_FILETYPE_PEM)
        }
        let wire = options.protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        if !wire.isEmpty { SSL_CTX_set_alpn_protos(context, wire, UInt32(wire.count)) }
        return SSL_new(context)
    }

    package static func connect(_ port: UInt16) throws -> Int32 {
        #if canImport(Glibc)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connectSocket(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw TestKitError("connect: \(errno)") }
        return descriptor
    }

    /// - Returns: whether the server's side of it was accepted. With TLS 1.3 the client's certificate is judged after that.
    package func shakeHands() -> Bool {
        ERR_clear_error()
        return SSL_connect(ssl) == 1
    }

    @discardableResult
    package func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            ERR_clear_error()
            let count = bytes.withUnsafeBytes { all in
                SSL_write(ssl, all.baseAddress?.advanced(by: sent), Int32(all.count - sent))
            }
            guard count > 0 else { return false }
            sent += Int(count)
        }
        return true
    }

    package func read(most: Int = 65_536) -> Read {
        ERR_clear_error()
        var buffer = [UInt8](repeating: 0, count: most)
        let count = SSL_read(ssl, &buffer, Int32(most))
        if count > 0 { return .bytes(Array(buffer[..<Int(count)])) }
        return SSL_get_error(ssl, count) == SSL_ERROR_ZERO_RETURN ? .ended : .failed
    }

    /// This many bytes, or fewer when the connection ends.
    package func read(exactly count: Int) -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count, case .bytes(let more) = read() { all += more }
        return all
    }

    /// Ends the own side.
    package func end() { SSL_shutdown(ssl) }

    /// Asks for a new handshake on an open connection, which TLS 1.2 has.
    ///
    /// - Returns: whether the server took part.
    package func renegotiate() -> Bool {
        ERR_clear_error()
        guard SSL_renegotiate(ssl) == 1 else { return false }
        return SSL_do_handshake(ssl) == 1 && send([1]) && read(exactly: 1) == [1]
    }

    package var version: String { String(cString: SSL_get_version(ssl)) }

    package var selectedProtocol: String {
        var bytes: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &bytes, &count)
        return bytes.map { String(decoding: UnsafeBufferPointer(start: $0, count: Int(count)), as: UTF8.self) } ?? ""
    }

    /// SHA-256 of the server's certificate.
    package var serverFingerprint: [UInt8] {
        guard let certificate = SSL_get1_peer_certificate(ssl) else { return [] }
        defer { X509_free(certificate) }
        var digest = [UInt8](repeating: 0, count: 32)
        X509_digest(certificate, EVP_sha256(), &digest, nil)
        return digest
    }
}

private func connectSocket(_ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ size: socklen_t) -> Int32 {
    connect(descriptor, address, size)
}
