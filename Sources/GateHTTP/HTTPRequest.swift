package import NIOCore
package import NIOHTTP1

/// A complete request.
package struct HTTPRequest: Sendable {
    package let head: HTTPHead
    /// The whole body without its framing. May share memory with the connection's read buffer.
    package let body: ByteBuffer
    package let peer: HTTPPeer
    /// The event loop of the connection and the executor on it, which the handler's task prefers.
    package let executor: EventLoopTaskExecutor

    package func identified(as identity: String) -> HTTPRequest {
        HTTPRequest(head: head.identified(as: identity), body: body, peer: peer, executor: executor)
    }

    package var method: HTTPMethod { head.method }
    package var path: String { head.path }
    package var query: String? { head.query }
    package var headers: HTTPRequestFields { head.headers }
    package var keepAlive: Bool { head.keepAlive }
    package var eventLoop: any EventLoop { executor.eventLoop }
}
