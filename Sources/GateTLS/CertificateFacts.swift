import CTLS
import GateCrypto

/// What a certificate says of its owner.
package struct CertificateFacts: Sendable, Equatable {
    /// Its subject alternative names that are DNS names, e-mail addresses or URIs, as they are written in it. One with anything but visible
    /// ASCII in it is left out: it could look like another.
    package let names: [String]
    /// Those of them that are DNS names.
    package let hosts: [String]
    /// SHA-256 of the whole certificate, in lower-case hexadecimal digits.
    package let fingerprint: String
    /// When it ends, in seconds since 1970; nil when it does not say so in a way that can be read.
    package let end: Int?

    init(_ certificate: OpaquePointer) {
        var found = Found()
        withUnsafeMutablePointer(to: &found) { found in
            gate_tls_each_name(certificate, found) { context, type, bytes, count in
                guard let bytes, count > 0, count <= 1024 else { return }
                let text = UnsafeBufferPointer(start: bytes, count: Int(count))
                guard text.allSatisfy({ (0x21..<0x7F).contains($0) }) else { return }
                let name = String(decoding: text, as: UTF8.self)
                let found = context?.assumingMemoryBound(to: Found.self)
                found?.pointee.names.append(name)
                if type == GEN_DNS { found?.pointee.hosts.append(name) }
            }
        }
        names = found.names
        hosts = found.hosts
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        let isHashed = X509_digest(certificate, EVP_sha256(), &digest, &length) == 1 && length == 32
        fingerprint = isHashed ? Hex.encode(digest) : ""
        let seconds = gate_tls_seconds(X509_get0_notAfter(certificate))
        end = seconds < 0 ? nil : Int(exactly: seconds)
    }

    private struct Found {
        var names: [String] = []
        var hosts: [String] = []
    }
}
