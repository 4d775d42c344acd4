/// One HTTP request.
///
/// It is sent at most once: nothing in this layer, libcurl included, repeats a request whose bytes may have reached
/// the peer. Redirects are not followed; a 3xx response is returned like any other.
package struct CurlRequest: Sendable {
    /// An upper- or lower-case token, sent as it is.
    package var method: String

    /// An absolute `http` or `https` URL in printable ASCII, without user information.
    package var url: String

    /// Sent in this order. Names are tokens, values printable ASCII. `Content-Length`, `Transfer-Encoding`, `Connection`,
    /// `Expect` and the like belong to this layer and are refused.
    package var headers: [(name: String, value: String)]

    /// Sent with a `Content-Length`. Kept alive until the transfer ends.
    package var body: (any CurlBytes)?

    /// Time for name resolution, TCP and TLS together.
    package var connectTimeout: Duration = .seconds(10)

    /// Time for the whole exchange, or nil for none (event streams).
    package var totalTimeout: Duration? = .seconds(30)

    /// The transfer fails with `timeout` when it stays below this rate; nil for no such limit.
    package var lowSpeed: LowSpeed?

    /// The most body bytes accepted before the transfer fails with `tooLarge`. `Int.max` for no limit.
    package var maxResponseBytes: Int = 16 << 20

    /// Judges the address that is really used, after name resolution, for new and for reused connections alike.
    /// Called on the agent's thread; it must be quick. Nil allows every address. Without a word about it, link-local addresses
    /// and clouds' metadata services are refused.
    package var allowedAddress: (@Sendable (CurlPeerAddress) -> Bool)? = { $0.isOrdinary }

    /// Connect to this Unix domain socket instead of the URL's host.
    package var unixSocketPath: String?

    package var tls = CurlTLSOptions()

    /// Offer HTTP/2 over TLS. Off by default: HTTP/1.1 only.
    package var http2 = false

    package init(
        method: String = "GET", url: String, headers: [(name: String, value: String)] = [],
        body: (any CurlBytes)? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }

    package struct LowSpeed: Sendable, Equatable {
        package var bytesPerSecond: Int
        /// How long the rate may stay below the limit; whole seconds.
        package var period: Duration

        package init(bytesPerSecond: Int, period: Duration) {
            self.bytesPerSecond = bytesPerSecond
            self.period = period
        }
    }
}
