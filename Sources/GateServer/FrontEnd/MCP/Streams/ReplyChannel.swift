import NIOCore

/// Where the answer to one request goes: one response, and messages ahead of it. Usable from any thread.
protocol ReplyChannel: AnyObject, Sendable {
    /// Sends a notice, or a request of the gateway's own, ahead of the response.
    ///
    /// - Returns: false when it cannot reach the client: the response has been sent, or the client takes nothing else.
    @discardableResult
    func message(_ parts: [ByteBuffer]) -> Bool

    /// Begins the stream although there is nothing to tell yet, where the client takes one: from here on it is kept alive.
    func begin()

    /// Sends the response; nothing goes after it. Only the first one counts.
    func finish(_ reply: RPCReply)
}
