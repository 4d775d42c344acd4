/// How a server certificate is verified. Verification of the chain and of the host name cannot be switched off.
package struct CurlTLSOptions: Sendable, Equatable {
    /// A PEM file of the only accepted certificate authorities, or nil for the system's.
    package var caFile: String?

    package init(caFile: String? = nil) {
        self.caFile = caFile
    }
}
