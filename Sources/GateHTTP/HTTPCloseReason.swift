/// Why a response could not be finished.
package enum HTTPCloseReason: Sendable, Equatable {
    /// The client closed or reset the connection.
    case clientGone
    /// More was waiting for the client than a stream may hold.
    case slowConsumer
    /// The client took nothing for longer than `HTTPLimits.writeStallTime`.
    case writeStalled
    /// The sender may not have the response any more.
    case accessEnded
    /// The server's graceful stop reached its deadline.
    case serverStopped
}
