package import NIOCore
package import NIOHTTP1

/// The answer to a request that is refused by its head alone.
package struct HTTPRejection: Sendable {
    package var status: HTTPResponseStatus
    package var headers: HTTPHeaders
    package var body: ByteBuffer
    /// Whether the connection is closed after the answer. It is closed in any case when the request has a body.
    package var closesConnection: Bool

    package init(
        status: HTTPResponseStatus, headers: HTTPHeaders = [:], body: ByteBuffer = ByteBuffer(),
        closesConnection: Bool = true
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.closesConnection = closesConnection
    }
}
