import NIOCore
import NIOHTTP1

/// What carries one exchange: a connection of HTTP/1, or a stream of HTTP/2. Confined to the event loop, except for `shared`.
protocol HTTPCarrier: AnyObject, Sendable {
    var shared: HTTPLoopContext { get }

    /// Sends the response to `exchange`, which has made sure that it is the only one.
    func respond(
        _ exchange: HTTPExchange, status: HTTPResponseStatus, headers: HTTPHeaders, body: [ByteBuffer], closes: Bool)
    /// Starts a response whose body comes piece by piece.
    func startStream(
        _ stream: HTTPBodyStream, for exchange: HTTPExchange, status: HTTPResponseStatus, headers: HTTPHeaders)
    /// Moves what waits in the stream on, as much as is taken.
    func drain(_ stream: HTTPBodyStream, of exchange: HTTPExchange)
    /// The exchange that is being answered, and the stream of its answer.
    var answering: (exchange: HTTPExchange, stream: HTTPBodyStream?)? { get }
    /// Cuts it.
    func abort(_ reason: HTTPCloseReason)
}

extension HTTPCarrier {
    /// Cuts what carries this exchange, if it still works on it.
    func abort(_ exchange: HTTPExchange, _ reason: HTTPCloseReason) {
        if answering?.exchange === exchange { abort(reason) }
    }

    /// Whether this stream is what the exchange is being answered with.
    func isAnswering(_ exchange: HTTPExchange, with stream: HTTPBodyStream?) -> Bool {
        guard let answering else { return false }
        return answering.exchange === exchange && answering.stream === stream
    }
}

/// A client's connection, as its event loop keeps it.
protocol HTTPServedConnection: AnyObject {
    /// Ends what has waited too long for its client.
    func checkTimers(now: NIODeadline)
    /// The server stops: an idle connection ends now, a busy one behind its responses.
    func stopGracefully()
    /// Cuts the connection.
    func abort(_ reason: HTTPCloseReason)
}
