package import GateConfig
package import GateProtocol

/// Which URLs may be told of the end of a call: those whose host the operator has listed. Whoever submits a call could otherwise let
/// the gateway post to places that only the gateway reaches.
package struct CallbackPolicy: Sendable {
    /// `name`, for any port, or `name:port`; lower-case.
    private let hosts: Set<String>
    private static let maxBytes = 2_048

    package init(hosts: [String]) { self.hosts = Set(hosts) }

    package init(_ config: GatewayConfig) { self.init(hosts: config.async.callbackHosts) }

    /// - Throws: `INVALID_PARAMS`, in words for whoever wrote the URL.
    package func check(_ text: String) throws(GateError) {
        guard !hosts.isEmpty else {
            throw refused("callbacks are off: the operator lists the hosts that may be called in async.callback_hosts")
        }
        guard text.utf8.count <= CallbackPolicy.maxBytes else {
            throw refused("it is longer than \(CallbackPolicy.maxBytes) bytes")
        }
        let url: BackendURL
        do throws(BackendURL.Problem) { url = try BackendURL(text) } catch { throw refused("it \(error.message)") }
        guard !text.utf8.contains(UInt8(ascii: "@")) else { throw refused("it must not hold user information") }
        guard url.isSecure || url.isLoopback else {
            throw refused("it must begin with https://, or lead to this machine")
        }
        let port = url.port ?? (url.isSecure ? 443 : 80)
        guard hosts.contains(url.host) || hosts.contains("\(url.host):\(port)") else {
            throw refused("the operator has not listed the host \(url.host):\(port) in async.callback_hosts")
        }
    }

    private func refused(_ why: String) -> GateError {
        GateError(.invalidParams, "The callback_url cannot be used: \(why). The call was not sent.", source: .caller)
    }
}
