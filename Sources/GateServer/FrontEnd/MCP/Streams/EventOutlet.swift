import GateCore

/// An event stream that is kept open. Usable from any thread; nothing waits.
protocol EventOutlet: AnyObject, Sendable {
    /// - Returns: false when the stream takes nothing any more.
    func notify(_ notice: Notice) -> Bool

    /// Sends a comment, so that both sides notice a dead connection.
    /// - Returns: false when the stream takes nothing any more, and no client will come back for it.
    func keepAlive(now: Instant) -> Bool

    /// Ends the stream in the protocol's way.
    func end(_ reason: StreamEnd)
}

/// Why the gateway ends a stream.
enum StreamEnd: String, Sendable {
    case stopping
    /// The client takes too little of what it is sent.
    case slowConsumer = "slow_consumer"
    /// The session has ended, or opened a newer stream in its place.
    case replaced
}
