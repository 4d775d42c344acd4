public import Logging

/// How a ``GateClient`` works.
public struct GateClientOptions: Sendable {
    /// How long one exchange may take when the method is given no time of its own; nil for no limit. The gateway ends calls
    /// by its own limit (30 seconds unless configured otherwise) with an error that says more, so keep this one longer.
    public var timeout: Duration? = .seconds(300)

    /// How long connecting may take.
    public var connectTimeout: Duration = .seconds(10)

    /// Name under which the gateway's statistics and logs list the calls (`X-Stonegate-Agent`), in printable ASCII; nil
    /// for none.
    public var agentName: String?

    /// A PEM file of the only certificate authorities that a gateway's certificate may come from; nil for the system's.
    public var caFile: String?

    /// A PEM file of the certificate to show to a gateway that asks for one; nil for none.
    public var certificateFile: String?

    /// A PEM file of that certificate's private key; nil when it is in the same file.
    public var keyFile: String?

    /// The largest answer that is accepted.
    public var maxAnswerBytes = 64 << 20

    /// Told about each exchange, at the levels trace and debug.
    public var logger: Logger?

    public init() {}
}
