package import NIOCore
package import NIOHTTP1

/// Header fields and body of an answer the server gives on its own.
package struct HTTPErrorResponse: Sendable {
    package var headers: HTTPHeaders
    package var body: ByteBuffer

    package init(headers: HTTPHeaders, body: ByteBuffer) {
        self.headers = headers
        self.body = body
    }
}
