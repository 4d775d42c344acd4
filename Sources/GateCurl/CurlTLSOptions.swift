/// How a server certificate is verified, and what is shown to a server that asks for one. Verification of the chain and of the host name
/// cannot be switched off.
package struct CurlTLSOptions: Sendable, Equatable {
    /// A PEM file of the only accepted certificate authorities, or nil for the system's.
    package var caFile: String?
    /// A PEM file of the own certificate, or nil to show none.
    package var certificateFile: String?
    /// A PEM file of its private key; nil when it is in the same file.
    package var keyFile: String?

    package init(caFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil) {
        self.caFile = caFile
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }

    var paths: [String] { [caFile, certificateFile, keyFile].compactMap(\.self) }
}
