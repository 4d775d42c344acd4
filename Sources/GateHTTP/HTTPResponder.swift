import NIOCore
package import NIOHTTP1

/// What answers the requests of an `HTTPServer`.
package protocol HTTPResponder: Sendable {
    /// Decides on a request when its head is complete and before its body is read. Runs on the connection's event loop,
    /// for every request, and must not block.
    /// - Returns: nil to read the body and call `respond`, or the answer to give instead.
    func admit(_ head: HTTPHead, peer: HTTPPeer) -> HTTPRejection?

    /// Answers one request through `exchange`. Runs in a task of its own that prefers the connection's event loop, so code
    /// that neither blocks nor computes for long stays on that loop. Returning without a response sends a 500; a stream that
    /// was started may outlive the return. The task is not cancelled when the client goes away: see `HTTPExchange.onClose`.
    func respond(to request: HTTPRequest, on exchange: HTTPExchange) async

    /// Words what the server itself answers: to requests that break the rules of HTTP or a limit (4xx, 505), to connections too
    /// many (503) and for handlers that gave no answer (500).
    func errorResponse(_ status: HTTPResponseStatus, reason: String) -> HTTPErrorResponse
}

extension HTTPResponder {
    package func admit(_ head: HTTPHead, peer: HTTPPeer) -> HTTPRejection? { nil }

    package func errorResponse(_ status: HTTPResponseStatus, reason: String) -> HTTPErrorResponse {
        HTTPErrorResponse(
            headers: ["Content-Type": "text/plain; charset=utf-8"], body: ByteBuffer(string: "\(reason)\n"))
    }
}
