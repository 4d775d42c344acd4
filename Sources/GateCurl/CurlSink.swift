/// Receives one response. All methods are called on the agent's thread, one after the other, and must return quickly:
/// while one runs, no other transfer of that agent moves.
package protocol CurlSink: AnyObject, Sendable {
    /// At most once, before any body bytes.
    func head(_ head: CurlResponseHead)

    /// The next body bytes, valid during the call only. Return `.pause` to get no more until `CurlTransfer.resume()`;
    /// the bytes given in this call count as taken. While paused at most one receive buffer (64 KiB) is held back and
    /// TCP slows the peer down.
    func body(_ bytes: UnsafeRawBufferPointer) -> CurlFlow

    /// Exactly once, last; nil when the response is complete. May come while paused, when nothing is left to deliver.
    /// For a request that is refused because the agent is shut down, it is called on the caller's thread, before
    /// `start` returns.
    func finished(_ error: CurlError?)
}

/// What a sink wants after a piece of the body.
package enum CurlFlow: Sendable {
    case proceed
    case pause
}
