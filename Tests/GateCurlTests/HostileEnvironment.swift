import Foundation
import GateCurl

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Makes agents in an environment that tries to redirect, authenticate and eavesdrop; every test runs in it.
enum HostileEnvironment {
    /// A port nobody listens on: a request that went to the proxy would fail.
    private static let proxy = "http://127.0.0.1:1"

    static let home = FileManager.default.temporaryDirectory.appendingPathComponent("curl-home-\(getpid())")
    static let keyLog = home.appendingPathComponent("keys.log")

    private static let prepared: Void = {
        try? FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        try? "default login mallory password secret\n".write(
            to: home.appendingPathComponent(".netrc"), atomically: true, encoding: .utf8)
        for name in ["http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] { setenv(name, proxy, 1) }
        setenv("no_proxy", "", 1)
        setenv("HOME", home.path, 1)
        setenv("SSLKEYLOGFILE", keyLog.path, 1)
    }()

    static func agent(_ options: CurlAgentOptions = CurlAgentOptions()) throws(CurlError) -> CurlAgent {
        prepared
        return try CurlAgent(options: options)
    }
}
