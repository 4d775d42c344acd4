import GateCurl
package import GateProtocol

/// The base URL of a gateway.
struct GatewayAddress: Sendable {
    /// Without a slash at its end.
    let text: String
    /// Whether the host, as it is written, can only be this machine. The address really used is checked as well.
    let isLoopback: Bool

    init(_ url: String) throws(GateError) {
        // `127.0.0.1:3393` is what people type.
        let full = url.contains("://") ? url : "http://" + url
        let parsed: CurlURL
        do throws(CurlError) {
            parsed = try CurlURL(full)
        } catch {
            throw GateError(.badRequest, "\(error.message) Give one like \(GateClient.defaultURL).", source: .caller)
        }
        guard parsed.query == nil, !full.utf8.contains(UInt8(ascii: "#")) else {
            throw GateError(
                .badRequest, "The gateway's URL must not have a query or a fragment: \(url)", source: .caller)
        }
        var text = parsed.text
        while text.utf8.last == UInt8(ascii: "/") { text.removeLast() }
        self.text = text
        let host = parsed.host.lowercased()
        isLoopback = host == "localhost" || host == "[::1]" || Self.isLoopback(dotted: host)
    }

    /// 127.0.0.0/8; libcurl has already written out other spellings.
    private static func isLoopback(dotted host: String) -> Bool {
        let parts = host.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0].elementsEqual("127".utf8)
            && parts.allSatisfy { part in
                (1...3).contains(part.count) && part.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            }
    }

    func notStonegate(_ what: String, sent: Bool) -> GateError {
        GateError(
            .gatewayUnreachable,
            "What listens at \(text) does not answer like stonegate (\(what)). Check the address and the port.",
            sent: sent)
    }
}

extension GateClient {
    /// The base URL as the client uses it: with a scheme, and without a slash at its end.
    ///
    /// - Throws: `BAD_REQUEST` when the text is no base URL.
    package static func baseURL(_ url: String) throws(GateError) -> String { try GatewayAddress(url).text }
}
