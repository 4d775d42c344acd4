package import GateProtocol
package import NIOCore

/// One message for a backend.
package struct OutboundMessage: Sendable {
    /// The gateway's own request id; nil for notifications and for answers to the backend's requests.
    package let key: UInt64?
    package let method: StaticString
    /// The tool, prompt or resource the request names: HTTP mirrors it in a header (2026-07-28).
    package let name: String?
    /// Header fields that only this message has (HTTP): mirrored arguments and trace context.
    package let headers: [(name: String, value: String)]
    /// One JSON-RPC message without a line end.
    package let body: ByteBuffer
    /// What the message is written in: decides the headers of an HTTP request.
    package let era: ProtocolEra

    package init(
        key: UInt64?, method: StaticString, name: String? = nil, headers: [(name: String, value: String)] = [],
        body: ByteBuffer, era: ProtocolEra
    ) {
        self.key = key
        self.method = method
        self.name = name
        self.headers = headers
        self.body = body
        self.era = era
    }
}

/// The byte side of one connection to a backend: messages out, messages in. It knows framing and delivery, nothing of MCP's meaning.
///
/// What comes in goes to the link's ``MessageLinkReceiver``, which is given when the link is made, never concurrently for the same
/// exchange; the order of messages of one exchange is kept.
package protocol MessageLink: AnyObject, Sendable {
    /// Whether each request has a stream of its own, so that what comes on it is known to belong to it.
    var tellsExchanges: Bool { get }

    /// Hands over one message; never blocks. A failure is reported to the receiver.
    func send(_ message: OutboundMessage)

    /// The caller has lost interest in the answer to a request: HTTP closes that exchange, stdio takes back what has not left.
    ///
    /// - Returns: true when not a byte of the request has left and none will, so that there is nothing to cancel.
    @discardableResult
    func abandon(_ key: UInt64) -> Bool

    /// The handshake is over: from now on HTTP sends this version with each request of a legacy session and opens the stream
    /// for the server's own messages.
    func established(_ version: ProtocolVersion)

    /// Ends the connection in the orderly way of the transport and returns when nothing of it is left.
    func close() async
}

/// Takes what a link delivers.
package protocol MessageLinkReceiver: AnyObject, Sendable {
    /// One message, complete but not yet checked.
    /// - Parameter exchange: the request on whose stream it came, where the transport knows (HTTP).
    func linkReceived(_ message: ByteBuffer, exchange: UInt64?)

    /// What could not be taken for a message was thrown away.
    func linkSkipped(_ count: Int)

    /// A request that will get no answer, while the link goes on.
    func linkFailed(exchange: UInt64, _ failure: LinkFailure)

    /// The link is dead: nothing more will come. Called once, also after `close()`.
    /// - Parameter unsent: requests of which not a byte has left.
    func linkClosed(_ reason: String, unsent: [UInt64])
}

extension MessageLink {
    package var tellsExchanges: Bool { false }
}

extension MessageLinkReceiver {
    package func linkSkipped(_ count: Int) {}

    package func linkClosed(_ reason: String) { linkClosed(reason, unsent: []) }
}

/// Why a request gets no answer.
package struct LinkFailure: Error, Sendable {
    package enum Kind: Sendable {
        /// The HTTP status of an answer that is no JSON-RPC message, with the beginning of its body.
        case status(Int, body: String)
        /// The server no longer knows the session (HTTP 404 to a request that carried one).
        case sessionLost
        /// Could not connect, or the connection broke.
        case network
        /// The answer breaks the protocol: not JSON, wrong content type, a stream that ended without the response.
        case protocolBreach
        /// The answer or a line is larger than allowed.
        case tooLarge
        /// There is no access token with which it could be sent.
        case noToken(retryAfter: Duration?)
    }

    package let kind: Kind
    package let message: String
    /// Whether any byte of the request may have reached the backend.
    package let sent: Bool

    package init(_ kind: Kind, _ message: String, sent: Bool) {
        self.kind = kind
        self.message = message
        self.sent = sent
    }

    /// The same, of a request that was sent before.
    var afterSending: LinkFailure { LinkFailure(kind, message, sent: true) }
}
