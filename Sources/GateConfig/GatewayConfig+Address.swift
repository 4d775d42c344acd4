extension GatewayConfig {
    /// Where programs on this machine reach the gateway. They may speak plain HTTP: what they send leaves this machine nowhere.
    package var localURL: String {
        let host = server.isLoopback ? server.host : server.host.utf8.elementsEqual("::".utf8) ? "::1" : "127.0.0.1"
        return "http://\(GatewayConfig.authority(host)):\(server.port)"
    }

    /// Where clients on other machines reach it; nil when they do not.
    package var publicURL: String? {
        guard !server.isLoopback else { return nil }
        if tls.certificate == nil { return nil }
        guard server.isOnAllAddresses else { return "https://\(GatewayConfig.authority(server.host)):\(server.port)" }
        return server.allowedHosts.first.map { name in
            let hasPort = name.utf8.last != UInt8(ascii: "]") && name.utf8.contains(UInt8(ascii: ":"))
            return hasPort ? "https://\(name)" : "https://\(name):\(server.port)"
        }
    }

    private static func authority(_ host: String) -> String {
        host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
    }
}
