package import NIOHTTP1

/// The request line and the header fields of a request that passed the framing rules. A class, because it is handed on several
/// times per request and its parts would be counted each time.
package final class HTTPHead: Sendable {
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

    init(
        method: HTTPMethod, path: String, query: String?, isHTTP11: Bool, headers: HTTPRequestFields, keepAlive: Bool,
        body: BodyFraming, expectsContinue: Bool
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.isHTTP11 = isHTTP11
        self.headers = headers
        self.keepAlive = keepAlive
        self.body = body
        self.expectsContinue = expectsContinue
    }

    /// The same request, sent by somebody who is known.
    package func identified(as identity: String) -> HTTPHead {
        var headers = headers
        headers.identity = identity
        return HTTPHead(
            method: method, path: path, query: query, isHTTP11: isHTTP11, headers: headers, keepAlive: keepAlive,
            body: body, expectsContinue: expectsContinue)
    }

    /// How the body is delimited.
    package enum BodyFraming: Sendable, Equatable {
        case none
        case length(Int)
        case chunked
    }

    /// The target as sent.
    package var target: String { query.map { "\(path)?\($0)" } ?? path }
}
