/// Bounds on what one client may make the server hold or wait for. Every limit is always on; there is no value for "unlimited".
package struct HTTPLimits: Sendable, Equatable {
    /// Open connections of the whole server; further ones get a 503 and are closed.
    package var maxConnections = 1024
    /// Open connections from one address.
    package var maxConnectionsPerAddress = 128
    /// Open connections from one address of this machine itself, which all local clients share; nil for the same as others.
    package var maxConnectionsPerLoopbackAddress: Int?
    /// Bytes of the request line, without its CRLF; a longer one gets a 414.
    package var maxRequestLineBytes = 8 * 1024
    /// Bytes of all header lines; more get a 431.
    package var maxHeaderBytes = 32 * 1024
    /// Number of header fields; more get a 431.
    package var maxHeaderFields = 100
    /// Bytes of one request body after removing the chunked framing; more get a 413.
    package var maxBodyBytes = 4 * 1024 * 1024
    /// Bytes read ahead of the request being answered; beyond them the socket is not read until the answer is out,
    /// and the orderly end of the client's stream is noticed only then.
    package var maxReadAheadBytes = 64 * 1024
    /// Time for a whole request head, from its first byte.
    package var headTime: Duration = .seconds(10)
    /// Time for a whole request body, from the end of its head.
    package var bodyTime: Duration = .seconds(30)
    /// Average bytes per second a body must arrive with once `bodyRateGrace` is over.
    package var minBodyRate = 1024
    /// How long a body may be slower than `minBodyRate`.
    package var bodyRateGrace: Duration = .seconds(5)
    /// How long a connection may be open without a request.
    package var idleTime: Duration = .seconds(60)
    /// How long a client may take nothing of what is being sent to it.
    package var writeStallTime: Duration = .seconds(20)
    /// How long the server listens, after its last response on a connection, for the client to close.
    package var lingerTime: Duration = .seconds(2)
    /// Messages one stream may have waiting for a slow client.
    package var maxStreamMessages = 256
    /// Bytes one stream may have waiting for a slow client.
    package var maxStreamBytes = 1024 * 1024

    package init() {}
}
