import GateConfig
import GateHTTP
import GateProtocol

/// Keeps other sites' pages away: a browser on this machine reaches the loopback address as well as any agent does.
///
/// Judged on the bytes of the head, before the body is read, on every route: `Host` exactly one of the gateway's names (DNS
/// rebinding), `Origin` absent or the gateway's own, no cross-site request that changes anything.
struct RequestGuard: Sendable {
    private let hosts: Set<[UInt8]>
    private let namesOnAnyPort: Set<[UInt8]>
    private let origins: Set<[UInt8]>

    /// - Parameter isSecure: whether clients elsewhere use HTTPS, here or at a proxy.
    init(_ server: GatewayConfig.Server, isSecure: Bool = false) {
        var hosts: Set<[UInt8]> = []
        var origins: Set<[UInt8]> = []
        // Another address of 127.0.0.0/8 may be listened on.
        let own = server.host.utf8.contains(UInt8(ascii: ":")) ? "[\(server.host)]" : server.host
        for name in ["localhost", "127.0.0.1", "[::1]", own] {
            hosts.insert(Array("\(name):\(server.port)".utf8))
            origins.insert(Array("http://\(name):\(server.port)".utf8))
            if isSecure { origins.insert(Array("https://\(name):\(server.port)".utf8)) }
            if server.port == 80 {
                hosts.insert(Array(name.utf8))
                origins.insert(Array("http://\(name)".utf8))
            }
        }
        var names: Set<[UInt8]> = []
        for host in server.allowedHosts {
            let bytes = Array(host.utf8)
            if RequestGuard.hasPort(bytes) { hosts.insert(bytes) } else { names.insert(bytes) }
            guard isSecure else { continue }
            origins.insert(Array("https://\(host)".utf8))
            if !RequestGuard.hasPort(bytes) { origins.insert(Array("https://\(host):\(server.port)".utf8)) }
        }
        origins.formUnion(server.allowedOrigins.map { Array($0.utf8) })
        self.hosts = hosts
        self.origins = origins
        namesOnAnyPort = names
    }

    /// - Parameter changes: whether the route changes something.
    /// - Returns: why the request is refused, nil when it may go on.
    func refusal(_ head: HTTPHead, changes: Bool) -> GateError? {
        let headers = head.headers
        guard headers.count(of: "Host") == 1, let host = headers.bytes(of: "Host"), isOwn(host) else {
            return GateError(
                .hostRefused,
                "This host name is not one of the gateway's. Use 127.0.0.1 or localhost, or add the name to "
                    + "server.allowed_hosts.", source: .caller)
        }
        switch headers.count(of: "Origin") {
        case 0: break
        case 1:
            guard let origin = headers.bytes(of: "Origin"), origins.contains(Array(origin)) else {
                return foreignOrigin
            }
        default: return foreignOrigin
        }
        if changes, let site = headers.bytes(of: "Sec-Fetch-Site"),
            site.elementsEqual("cross-site".utf8) || site.elementsEqual("same-site".utf8)
        {
            return foreignOrigin
        }
        return nil
    }

    private var foreignOrigin: GateError {
        GateError(
            .originRefused, "Requests from this web page are not accepted. Add its origin to server.allowed_origins.",
            source: .caller)
    }

    private func isOwn(_ host: ArraySlice<UInt8>) -> Bool {
        let lowered = host.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
        if hosts.contains(lowered) { return true }
        guard !namesOnAnyPort.isEmpty else { return false }
        if namesOnAnyPort.contains(lowered) { return true }
        guard RequestGuard.hasPort(lowered), let colon = lowered.lastIndex(of: UInt8(ascii: ":")) else { return false }
        return namesOnAnyPort.contains(Array(lowered[..<colon]))
    }

    private static func hasPort(_ host: [UInt8]) -> Bool {
        guard let colon = host.lastIndex(of: UInt8(ascii: ":")), colon + 1 < host.count else { return false }
        return host[(colon + 1)...].allSatisfy { $0 &- 0x30 < 10 }
    }
}
