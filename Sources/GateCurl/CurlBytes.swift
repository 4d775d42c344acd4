/// A request body: bytes that stay as they are, and alive, until the transfer has ended.
///
/// `[UInt8]` conforms. Wrap another buffer type to hand it over without a copy.
package protocol CurlBytes: Sendable {
    var count: Int { get }

    /// Called on the agent's thread, for a large body once for each part that is sent.
    func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R
}

extension Array: CurlBytes where Element == UInt8 {}
