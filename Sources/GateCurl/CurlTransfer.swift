/// A handle on a running transfer. Dropping it does not cancel. All calls may come from any thread, in any state.
package struct CurlTransfer: Sendable {
    let id: UInt64
    let queue: AgentQueue

    /// Ends the transfer; the sink gets `finished` with `cancelled` unless it ended before. The connection is closed
    /// unless the response was complete.
    package func cancel() { queue.submit(.cancel(id)) }

    /// Lets the body of a paused transfer flow again.
    package func resume() { queue.submit(.resume(id)) }
}
