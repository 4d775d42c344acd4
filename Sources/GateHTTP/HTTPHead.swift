package import NIOHTTP1

/// The request line and the header fields of a request that passed the framing rules.
package struct HTTPHead: Sendable {
    package let method: HTTPMethod
    /// The target up to `?`, byte for byte as sent: not decoded, not normalised. Starts with `/`, visible ASCII only.
    package let path: String
    /// The target after the first `?`, byte for byte as sent; nil without `?`.
    package let query: String?
    /// False for HTTP/1.0; other versions are refused.
    package let isHTTP11: Bool
    package let headers: HTTPRequestFields
    /// Whether the client wants the connection kept open.
    package let keepAlive: Bool
    package let body: BodyFraming
    /// Whether the client waits for `100 Continue` before it sends the body.
    package let expectsContinue: Bool

    /// How the body is delimited.
    package enum BodyFraming: Sendable, Equatable {
        case none
        case length(Int)
        case chunked
    }

    /// The target as sent.
    package var target: String { query.map { "\(path)?\($0)" } ?? path }
}
