/// The most that a response may bring in header fields before the transfer fails with `tooLarge`. All heads of one
/// response (1xx, final, trailers) count together.
package struct CurlHeaderLimits: Sendable, Equatable {
    package var fields = 100
    package var totalBytes = 32 << 10
    package var lineBytes = 8 << 10

    package init() {}
}
