import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension HTTPServerError {
    /// - Parameter error: what binding to `address` failed with.
    init(_ error: any Error, address: HTTPBindAddress) {
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE: self = .portInUse(address)
        case EACCES, EPERM: self = .permissionDenied(address)
        case EADDRNOTAVAIL, EAFNOSUPPORT: self = .addressNotAvailable(address)
        default: self = .bindFailed(address, reason: "\(error)")
        }
    }
}
