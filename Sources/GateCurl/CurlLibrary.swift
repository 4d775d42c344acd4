import CCurl

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The libcurl this process is linked to.
package enum CurlLibrary {
    /// The oldest libcurl with every option this layer relies on (`CURLOPT_PROTOCOLS_STR`).
    package static let minimumVersion = "7.85.0"

    /// libcurl's own version line, for example `libcurl/7.88.1 OpenSSL/3.0.17 zlib/1.2.13 …`.
    package static var version: String { String(cString: curl_version()) }

    /// Prepares libcurl once for the process; later calls return the first outcome.
    static func prepare() throws(CurlError) { try prepared.get() }

    private static let prepared: Result<Void, CurlError> = {
        // TLS libraries open the key log named by this variable while they initialise; session keys must not leak
        // because of an inherited environment. There is no option that switches it off.
        unsetenv("SSLKEYLOGFILE")
        guard ccurl_global_init() == CURLE_OK else {
            return .failure(CurlError(.resource, "libcurl could not be initialised.", sent: false))
        }
        guard ccurl_version_number() >= 0x07_55_00 else {
            return .failure(
                CurlError(
                    .resource, "libcurl \(minimumVersion) or newer is needed, this is \(version). Upgrade libcurl.",
                    sent: false))
        }
        return .success(())
    }()
}
