/// A complete response.
package struct CurlResponse: Sendable {
    package let head: CurlResponseHead
    package let body: [UInt8]

    package var status: Int { head.status }
}
