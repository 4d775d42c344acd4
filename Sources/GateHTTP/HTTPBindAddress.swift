/// One address to listen on.
package struct HTTPBindAddress: Sendable, Hashable {
    /// A numeric IP address or a host name.
    package var host: String
    /// A TCP port; 0 lets the system choose.
    package var port: Int
    /// Whether the server starts without this address when the machine does not have it (`::1` where IPv6 is off).
    /// A port that is taken is an error all the same.
    package var isOptional: Bool

    package init(host: String, port: Int, isOptional: Bool = false) {
        self.host = host
        self.port = port
        self.isOptional = isOptional
    }
}

extension HTTPBindAddress: CustomStringConvertible {
    package var description: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
